import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID, uuid4

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message as FluentMessage

from notifier.db.content import Content
from notifier.db.params import dumped, loaded
from notifier.domain.conventions import LOCALES, Conventions
from notifier.domain.decisions import Decision, MadeBy, Outcome, Standing
from notifier.domain.templates import (
    CancelledWork,
    CompletedWork,
    DecidedJob,
    Estimate,
    HandedOver,
    IdentityDecided,
    LinkRequest,
    Odometer,
    Params,
    PricedJob,
    Recommendation,
    RecordedConsent,
    StaleOdometer,
    Template,
    Verification,
)
from notifier.telegram.buttons import Choice, Press
from notifier.telegram.composing import compose
from notifier.texts.catalog import TextMissing, text
from notifier.texts.messages import SHOWN_JOBS, Message, Surroundings, render

RU = Conventions("ru", "Europe/Moscow", "km")
EN = Conventions("en", "Europe/London", "mi")
VALID_UNTIL = datetime(2026, 3, 28, 9, 30, tzinfo=UTC)
LINK = LinkRequest(uuid4(), "Lada 21099", "Motor", ("odometer", "history_read", "create_visit"), VALID_UNTIL)
CONSENT = RecordedConsent(
    118,
    "Lada 21099",
    "Motor",
    "phone",
    (DecidedJob("Brakes", "authorised", 981_100), DecidedJob("Belt", "declined", 1_240_000)),
    "RUB",
)
COMPLETED = CompletedWork(
    118, "Lada 21099", "Motor", 981_100, "RUB", Odometer("187420", "km", 187_420), 247_420, "2027-03-15"
)

STALE = StaleOdometer("Lada 21099", Odometer("187420", "km", 187_420), "2026-03-15")


def estimate(jobs: int) -> Estimate:
    priced = tuple(PricedJob(uuid4(), f"Job {place}", 100_000 * place) for place in range(1, jobs + 1))
    return Estimate(uuid4(), 118, "Lada 21099", "Motor", 2, priced, 100_000 * jobs, "RUB", VALID_UNTIL)


def shown(template: Template, params: Params, reader: Conventions, around: Surroundings | None = None) -> Message:
    message = render(template, params, reader, around)
    plain = [line.replace("\N{NO-BREAK SPACE}", " ") for line in message.lines]
    return Message(message.title, tuple(plain))


def test_link_request() -> None:
    assert shown(Template.LINK_REQUESTED, LINK, RU) == Message(
        "Motor просит доступ",
        (
            "Motor просит доступ к автомобилю Lada 21099:",
            "• видеть и записывать пробег",
            "• читать историю обслуживания",
            "• открывать заказ-наряды",
            "Доступ закончится 28 марта 2026, 12:30.",
        ),
    )
    assert shown(Template.LINK_REQUESTED, replace(LINK, expires_at=None, scopes=("odometer",)), EN) == Message(
        "Motor asks for access", ("Motor asks for access to Lada 21099:", "• see and record the odometer")
    )


@pytest.mark.parametrize(
    ("jobs", "russian", "english"),
    [
        (1, "Motor предлагает 1 работу по заказ-наряду № 118:", "Motor offers one job on order No. 118:"),
        (3, "Motor предлагает 3 работы по заказ-наряду № 118:", "Motor offers 3 jobs on order No. 118:"),
        (11, "Motor предлагает 11 работ по заказ-наряду № 118:", "Motor offers 11 jobs on order No. 118:"),
        (21, "Motor предлагает 21 работу по заказ-наряду № 118:", "Motor offers 21 jobs on order No. 118:"),
    ],
)
def test_the_number_of_jobs_in_an_estimate(jobs: int, russian: str, english: str) -> None:
    for template in (Template.ESTIMATE_SENT, Template.ESTIMATE_REMINDER):
        assert shown(template, estimate(jobs), RU).lines[0] == russian
        assert shown(template, estimate(jobs), EN).lines[0] == english


def test_estimate() -> None:
    asked = estimate(2)
    decided = Surroundings(decisions={asked.jobs[0].job_id: "authorised", asked.jobs[1].job_id: "declined"})
    assert shown(Template.ESTIMATE_SENT, asked, RU) == Message(
        "Смета: Lada 21099",
        (
            "Motor предлагает 2 работы по заказ-наряду № 118:",
            "1. Job 1 — 1 000,00 ₽",
            "2. Job 2 — 2 000,00 ₽",
            "Итого: 2 000,00 ₽",
            "Действует до 28 марта 2026, 12:30.",
        ),
    )
    assert shown(Template.ESTIMATE_SENT, asked, EN, decided).lines[1:] == (
        "✅ 1. Job 1 — RUB 1,000.00",
        "❌ 2. Job 2 — RUB 2,000.00",
        "Total: RUB 2,000.00",
        "Valid until 28 March 2026, 09:30.",
    )


def test_a_long_estimate_says_how_much_is_left_out() -> None:
    long = estimate(SHOWN_JOBS + 4)
    assert "… и ещё 4 работы" in shown(Template.ESTIMATE_SENT, long, RU).lines
    assert "… and 4 more jobs" in shown(Template.ESTIMATE_SENT, long, EN).lines
    assert "… and one more job" in shown(Template.ESTIMATE_SENT, estimate(SHOWN_JOBS + 1), EN).lines


def test_recorded_consent() -> None:
    assert shown(Template.CONSENT_RECORDED, CONSENT, RU) == Message(
        "Записано ваше решение: Lada 21099",
        (
            "Motor записал ваше решение по телефону, заказ-наряд № 118:",
            "✅ 1. Brakes — 9 811,00 ₽",
            "❌ 2. Belt — 12 400,00 ₽",
            "Если вы этого не говорили, возразите в течение 14 дней.",
        ),
    )
    assert "decided in person" in shown(Template.CONSENT_RECORDED, replace(CONSENT, channel="in_person"), EN).lines[0]
    assert "из переписки" in shown(Template.CONSENT_RECORDED, replace(CONSENT, channel="message"), RU).lines[0]


def test_completed_work() -> None:
    assert shown(Template.WORK_ORDER_COMPLETED, COMPLETED, RU) == Message(
        "Lada 21099: работы завершены",
        (
            "Motor завершил заказ-наряд № 118.",
            "Итого: 9 811,00 ₽",
            "Пробег: 187 420 км",
            "Следующее обслуживание: при пробеге 247 420 км или 15 марта 2027, смотря что наступит раньше",
        ),
    )
    bare = replace(COMPLETED, odometer=None, next_km=None)
    assert shown(Template.WORK_ORDER_COMPLETED, bare, EN) == Message(
        "Lada 21099 is ready",
        ("Motor completed order No. 118.", "Total: RUB 9,811.00", "Next service on 15 March 2027"),
    )
    by_distance = replace(COMPLETED, next_on=None)
    assert shown(Template.WORK_ORDER_COMPLETED, by_distance, EN).lines[-1] == "Next service at 153,740 mi"
    assert len(shown(Template.WORK_ORDER_COMPLETED, replace(by_distance, next_km=None), EN).lines) == 3


def test_cancelled_work() -> None:
    cancelled = CancelledWork(118, "Lada 21099", "Motor", "No parts")
    assert shown(Template.WORK_ORDER_CANCELLED, cancelled, RU) == Message(
        "Lada 21099: заказ-наряд отменён", ("Motor отменил заказ-наряд № 118.", "Причина: No parts")
    )
    assert shown(Template.WORK_ORDER_CANCELLED, cancelled, EN) == Message(
        "The order for Lada 21099 was cancelled", ("Motor cancelled order No. 118.", "Reason: No parts")
    )


@pytest.mark.parametrize(
    ("template", "status", "russian", "english"),
    [
        (Template.RECOMMENDATION_OPENED, "open", "Рекомендация: Belt", "Recommended: Belt"),
        (Template.RECOMMENDATION_DUE, "due", "Пора: Belt", "Due: Belt"),
        (Template.RECOMMENDATION_DUE, "overdue", "Просрочено: Belt", "Overdue: Belt"),
    ],
)
def test_recommendations(template: Template, status: str, russian: str, english: str) -> None:
    params = Recommendation("Belt", status, 160_000, "2026-09-15")
    assert shown(template, params, RU).title == russian
    assert shown(template, params, EN).title == english
    named = shown(template, params, EN, Surroundings(car_label="Lada 21099"))
    assert "Lada 21099" in named.lines[0]
    assert named.lines[1] == "Due at 99,419 mi or on 15 September 2026, whichever comes first"
    assert "your car" in shown(template, params, EN).lines[0]


@pytest.mark.parametrize(
    "status", ["draft", "submitted", "in_review", "information_requested", "approved", "rejected", "suspended"]
)
@pytest.mark.parametrize("reader", [RU, EN])
def test_every_step_of_a_verification_has_words_of_its_own(status: str, reader: Conventions) -> None:
    told = shown(Template.CENTER_VERIFICATION_CHANGED, Verification("Motor", status, "No lease"), reader)
    others = {"submitted", "approved"} - {status}
    for other in others:
        assert (
            told.lines[0]
            != shown(Template.CENTER_VERIFICATION_CHANGED, Verification("Motor", other, None), reader).lines[0]
        )
    assert told.lines[1] in {"Причина: No lease", "Reason: No lease"}


def test_who_parted_with_a_car_is_told() -> None:
    told = shown(Template.CAR_TRANSFERRED, HandedOver(None), EN)
    assert told.title == "your car has a new owner"
    assert "to be read" in told.body
    assert shown(Template.CAR_TRANSFERRED, HandedOver("Lada"), RU).title == "Lada: новый владелец"


@pytest.mark.parametrize("reader", [RU, EN])
def test_whose_identity_a_moderator_decided_about_is_told_the_outcome(reader: Conventions) -> None:
    told = {
        outcome: shown(Template.CAR_IDENTITY_DECIDED, IdentityDecided("Lada", outcome), reader)
        for outcome in ("confirmed", "rejected")
    }
    assert told["confirmed"].title != told["rejected"].title
    assert told["confirmed"].lines != told["rejected"].lines
    assert all("Lada" in message.title and "VIN" in message.body for message in told.values())
    assert (
        shown(Template.CAR_IDENTITY_DECIDED, IdentityDecided(None, "rejected"), reader).title != told["rejected"].title
    )


def test_who_is_asked_for_a_reading_learns_of_which_car_since_when_and_what_to_do() -> None:
    assert shown(Template.ODOMETER_STALE, STALE, RU) == Message(
        "Lada 21099: какой сейчас пробег?",
        (
            text("ru", "odometer-stale.text", car="Lada 21099", reading="187 420 км", date="15 марта 2026"),
            text("ru", "odometer-stale-answer"),
        ),
    )
    told = shown(Template.ODOMETER_STALE, replace(STALE, car_label=None), EN)
    assert told.title == "What does the odometer of your car show now?"
    assert "116,457 mi, of 15 March 2026" in told.lines[0]
    assert "one reading is enough" in told.lines[1]
    assert shown(Template.ODOMETER_STALE, STALE, replace(EN, distance_unit="km")).lines[0].count("187,420 km") == 1


EVERYTHING: list[tuple[Template, Params]] = [
    (Template.LINK_REQUESTED, LINK),
    (Template.LINK_REMINDER, LINK),
    (Template.ESTIMATE_SENT, estimate(3)),
    (Template.ESTIMATE_REMINDER, estimate(1)),
    (Template.CONSENT_RECORDED, CONSENT),
    (Template.WORK_ORDER_COMPLETED, COMPLETED),
    (Template.WORK_ORDER_CANCELLED, CancelledWork(118, "Lada", "Motor", "")),
    (Template.RECOMMENDATION_OPENED, Recommendation("Belt", "open", None, None)),
    (Template.RECOMMENDATION_DUE, Recommendation("Belt", "due", None, "2026-09-15")),
    (Template.CENTER_VERIFICATION_CHANGED, Verification("Motor", "approved", None)),
    (Template.CAR_TRANSFERRED, HandedOver("Lada")),
    (Template.CAR_IDENTITY_DECIDED, IdentityDecided("Lada", "confirmed")),
    (Template.ODOMETER_STALE, STALE),
]


@pytest.mark.parametrize(("template", "params"), EVERYTHING)
def test_parameters_survive_being_stored(template: Template, params: Params) -> None:
    assert loaded(template, json.loads(dumped(params))) == params


def test_every_template_is_tried_here() -> None:
    assert {template for template, _ in EVERYTHING} == set(Template)


def test_both_languages_have_the_same_texts_with_the_same_arguments() -> None:
    assert _texts("ru") == _texts("en")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_missing_text_or_argument_is_an_error(locale: str) -> None:
    for key in ("nonsense", "reason.title"):
        with pytest.raises(TextMissing):
            text(locale, key)
    with pytest.raises(TextMissing):
        text(locale, "reason")
    with pytest.raises(TextMissing):
        text("de", "reason", reason="x")


@pytest.mark.parametrize("locale", LOCALES)
def test_answers_to_a_press_fit_into_telegram_s_little_window(locale: str) -> None:
    answers = [key.partition(".")[0] for key in _texts(locale) if key.startswith("press-")]
    assert len(answers) > 5
    assert max(len(text(locale, key)) for key in answers) <= 200


def content(template: Template, params: Params, standing: Standing | None = None) -> Content:
    return Content(uuid4(), uuid4(), template, params, EN, None, uuid4(), 2, standing or Standing(), None)


def test_markup_in_names_is_only_text() -> None:
    nasty = CancelledWork(1, "<b>Lada</b> & Co", "A<a href='x'>B", "<script>")
    html = compose(content(Template.WORK_ORDER_CANCELLED, nasty)).html
    assert set(re.findall(r"<[^>]*>", html)) == {"<b>", "</b>"}
    assert "&lt;b&gt;Lada&lt;/b&gt; &amp; Co" in html


def test_a_message_fits_whatever_its_parts_are() -> None:
    jobs = tuple(PricedJob(uuid4(), "Т" * 2000, 10**15) for _ in range(300))
    huge = Estimate(uuid4(), 1, "К" * 3000, "С" * 3000, 1, jobs, 10**15, "RUB", VALID_UNTIL)
    composed = compose(content(Template.ESTIMATE_SENT, huge))
    assert len(re.sub(r"<[^>]*>", "", composed.html)) <= 4096
    assert composed.keyboard is not None
    rows = composed.keyboard.inline_keyboard
    assert sum(len(row) for row in rows) <= 100
    packed = [button.callback_data or "" for row in rows for button in row]
    assert len(set(packed)) == len(packed)
    assert max(len(data.encode()) for data in packed) <= 64


@pytest.mark.parametrize(
    ("made_by", "outcome", "words"),
    [
        (MadeBy.OWNER, Outcome.APPROVED, "✅ Approved by you: 14 March 2026, 10:00"),
        (MadeBy.OWNER, Outcome.DECLINED, "❌ Declined by you: 14 March 2026, 10:00"),
        (MadeBy.STAFF, Outcome.APPROVED, "Recorded by the service center: 14 March 2026, 10:00"),
        (MadeBy.NOBODY, Outcome.CLOSED, "This can no longer be decided."),
    ],
)
def test_an_answered_question_says_who_answered_and_when(made_by: MadeBy, outcome: Outcome, words: str) -> None:
    at = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
    answered = Standing.of([Decision(uuid4(), uuid4(), 2, outcome, made_by, at)], 2)
    composed = compose(content(Template.LINK_REQUESTED, LINK, answered))
    assert composed.html.endswith(f"<i>{words}</i>")
    assert composed.keyboard is None


def test_a_button_s_data_can_be_read_back() -> None:
    press = Press(notification=UUID(int=1), choice=Choice.DECLINE, place=300)
    assert Press.unpack(press.pack()) == press
    assert press.pack().startswith("d1:")


def _texts(locale: str) -> dict[str, set[str]]:
    """Each text's name, and the arguments it takes."""
    source = files("notifier.texts").joinpath(f"{locale}.ftl").read_text("utf-8")
    found: dict[str, set[str]] = {}
    for entry in FluentParser().parse(source).body:
        if isinstance(entry, FluentMessage):
            patterns = {"": entry.value, **{each.id.name: each.value for each in entry.attributes}}
            for name, pattern in patterns.items():
                if pattern is not None and (span := pattern.span) is not None:
                    found[f"{entry.id.name}.{name}"] = set(re.findall(r"\$(\w+)", source[span.start : span.end]))
    return found
