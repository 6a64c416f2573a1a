"""From a notification's template and parameters to its text in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from notifier.domain.conventions import Conventions
from notifier.domain.templates import (
    CancelledWork,
    CompletedWork,
    Estimate,
    HandedOver,
    IdentityDecided,
    LinkRequest,
    Params,
    Recommendation,
    RecordedConsent,
    StaleOdometer,
    Template,
    Verification,
)
from notifier.texts import formats
from notifier.texts.catalog import shortened, text

SHOWN_JOBS = 20
"""More would not fit under Telegram's limits of text and buttons."""

_MARKS = {"authorised": "✅", "declined": "❌"}
_LONGEST_TITLE = 100


@dataclass(frozen=True, slots=True)
class Message:
    """Plain text for people."""

    title: str
    lines: tuple[str, ...]

    @property
    def body(self) -> str:
        """The lines below the title."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is looked up when the text is made, and may be unknown: the car's name, the decisions on jobs so far."""

    car_label: str | None = None
    decisions: Mapping[UUID, str] | None = None


def render(  # noqa: C901, PLR0911 - one arm per kind of parameters
    template: Template, params: Params, reader: Conventions, surroundings: Surroundings | None = None
) -> Message:
    """The message as this reader gets it."""
    around = surroundings or Surroundings()
    match params:
        case LinkRequest():
            return _link_request(template, params, reader)
        case Estimate():
            return _estimate(template, params, reader, around)
        case RecordedConsent():
            return _recorded_consent(template, params, reader)
        case CompletedWork():
            return _completed(template, params, reader)
        case CancelledWork():
            return _cancelled(template, params, reader)
        case HandedOver():
            return _handed_over(template, params, reader)
        case IdentityDecided():
            return _identity_decided(template, params, reader)
        case StaleOdometer():
            return _stale_odometer(template, params, reader)
        case Recommendation():
            return _recommendation(template, params, reader, around)
        case Verification():
            return _verification(template, params, reader)


def _link_request(template: Template, params: LinkRequest, reader: Conventions) -> Message:
    locale = reader.locale
    names = {"car": params.car_label, "center": params.center_name}
    lines = [text(locale, f"{template}.text", **names)]
    lines += [f"• {text(locale, 'link-scope-' + scope.replace('_', '-'))}" for scope in params.scopes]
    if params.expires_at is not None:
        lines.append(text(locale, "link-expires", until=formats.instant(params.expires_at, reader)))
    return Message(text(locale, f"{template}.title", **names), tuple(lines))


def _estimate(template: Template, params: Estimate, reader: Conventions, around: Surroundings) -> Message:
    locale = reader.locale
    lines = [
        text(
            locale,
            f"{template}.text",
            jobs=len(params.jobs),
            center=params.center_name,
            number=str(params.number),
        )
    ]
    decisions = around.decisions or {}
    for place, job in enumerate(params.jobs[:SHOWN_JOBS], start=1):
        amount = formats.money(job.total_minor, params.currency, reader)
        line = text(locale, "estimate-job", place=str(place), title=shortened(job.title, _LONGEST_TITLE), amount=amount)
        mark = _MARKS.get(decisions.get(job.job_id, ""))
        lines.append(f"{mark} {line}" if mark else line)
    if len(params.jobs) > SHOWN_JOBS:
        lines.append(text(locale, "estimate-more-jobs", jobs=len(params.jobs) - SHOWN_JOBS))
    lines.append(text(locale, "estimate-total", amount=formats.money(params.total_minor, params.currency, reader)))
    lines.append(text(locale, "estimate-valid-until", until=formats.instant(params.valid_until, reader)))
    return Message(text(locale, f"{template}.title", car=params.car_label), tuple(lines))


def _recorded_consent(template: Template, params: RecordedConsent, reader: Conventions) -> Message:
    locale = reader.locale
    lines = [
        text(
            locale,
            f"{template}.text",
            channel=params.channel,
            center=params.center_name,
            number=str(params.number),
        )
    ]
    for place, job in enumerate(params.jobs[:SHOWN_JOBS], start=1):
        amount = formats.money(job.total_minor, params.currency, reader)
        line = text(locale, "estimate-job", place=str(place), title=shortened(job.title, _LONGEST_TITLE), amount=amount)
        lines.append(f"{_MARKS[job.decision]} {line}")
    if len(params.jobs) > SHOWN_JOBS:
        lines.append(text(locale, "estimate-more-jobs", jobs=len(params.jobs) - SHOWN_JOBS))
    lines.append(text(locale, "consent-objection"))
    return Message(text(locale, f"{template}.title", car=params.car_label), tuple(lines))


def _completed(template: Template, params: CompletedWork, reader: Conventions) -> Message:
    locale = reader.locale
    lines = [
        text(locale, f"{template}.text", center=params.center_name, number=str(params.number)),
        text(locale, "completed-total", amount=formats.money(params.total_minor, params.currency, reader)),
    ]
    if params.odometer is not None:
        lines.append(text(locale, "completed-odometer", reading=formats.odometer(params.odometer, reader)))
    lines += _due("next-service", params.next_km, params.next_on, reader)
    return Message(text(locale, f"{template}.title", car=params.car_label), tuple(lines))


def _handed_over(template: Template, params: HandedOver, reader: Conventions) -> Message:
    car = params.car_label or text(reader.locale, "your-car")
    return Message(text(reader.locale, f"{template}.title", car=car), (text(reader.locale, f"{template}.text"),))


def _identity_decided(template: Template, params: IdentityDecided, reader: Conventions) -> Message:
    car = params.car_label or text(reader.locale, "your-car")
    return Message(
        text(reader.locale, f"{template}.title", car=car, outcome=params.outcome),
        (text(reader.locale, f"{template}.text", outcome=params.outcome),),
    )


def _stale_odometer(template: Template, params: StaleOdometer, reader: Conventions) -> Message:
    locale = reader.locale
    car = params.car_label or text(locale, "your-car")
    last = {"reading": formats.odometer(params.odometer, reader), "date": formats.day(params.read_on, reader)}
    return Message(
        text(locale, f"{template}.title", car=car),
        (text(locale, f"{template}.text", car=car, **last), text(locale, "odometer-stale-answer")),
    )


def _cancelled(template: Template, params: CancelledWork, reader: Conventions) -> Message:
    return Message(
        text(reader.locale, f"{template}.title", car=params.car_label),
        (
            text(reader.locale, f"{template}.text", center=params.center_name, number=str(params.number)),
            *_reason(params.reason, reader),
        ),
    )


def _recommendation(template: Template, params: Recommendation, reader: Conventions, around: Surroundings) -> Message:
    locale = reader.locale
    car = around.car_label or text(locale, "your-car")
    return Message(
        text(locale, f"{template}.title", title=shortened(params.title, _LONGEST_TITLE), status=params.status),
        (
            text(locale, f"{template}.text", car=car, status=params.status),
            *_due("due", params.due_km, params.due_on, reader),
        ),
    )


def _verification(template: Template, params: Verification, reader: Conventions) -> Message:
    return Message(
        text(reader.locale, f"{template}.title", center=params.center_name),
        (text(reader.locale, f"{template}.text", status=params.status), *_reason(params.reason, reader)),
    )


def _due(prefix: str, due_km: int | None, due_on: str | None, reader: Conventions) -> list[str]:
    arguments: dict[str, str] = {}
    if due_km is not None:
        arguments["distance"] = formats.distance(due_km, reader)
    if due_on is not None:
        arguments["date"] = formats.day(due_on, reader)
    match len(arguments), due_on:
        case 0, _:
            return []
        case 2, _:
            return [text(reader.locale, f"{prefix}-by-both", **arguments)]
        case _, None:
            return [text(reader.locale, f"{prefix}-by-distance", **arguments)]
        case _:
            return [text(reader.locale, f"{prefix}-by-date", **arguments)]


def _reason(reason: str | None, reader: Conventions) -> tuple[str, ...]:
    return (text(reader.locale, "reason", reason=reason),) if reason else ()
