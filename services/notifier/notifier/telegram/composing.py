"""A notification as a Telegram message: HTML and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from aiogram.types import InlineKeyboardMarkup

from notifier.db.content import Content
from notifier.domain.decisions import MadeBy, Outcome, outcome_of
from notifier.telegram.buttons import keyboard
from notifier.texts import formats
from notifier.texts.catalog import text
from notifier.texts.messages import Surroundings, render

_LONGEST_TITLE = 200
_LONGEST_BODY = 3500  # Telegram takes 4,096 characters


@dataclass(frozen=True, slots=True)
class Composed:
    """What sendMessage and editMessageText take."""

    html: str
    keyboard: InlineKeyboardMarkup | None


def compose(content: Content) -> Composed:
    """The message as it should stand in the chat now, with the outcome of what it asks."""
    around = Surroundings(content.car_label, content.standing.jobs)
    message = render(content.template, content.params, content.reader, around)
    title, body = message.title[:_LONGEST_TITLE], message.body[:_LONGEST_BODY]
    parts = [f"<b>{escape(title, quote=False)}</b>", escape(body, quote=False)]
    outcome = _outcome(content)
    if outcome is not None:
        parts.append(f"<i>{escape(outcome, quote=False)}</i>")
    return Composed("\n\n".join(parts), keyboard(content))


def _outcome(content: Content) -> str | None:
    last = content.standing.last
    if last is None:
        return None
    when = formats.instant(last.decided_at, content.reader)
    locale = content.reader.locale
    if last.outcome is Outcome.CLOSED:
        return text(locale, "outcome-closed")
    if last.made_by is MadeBy.STAFF:
        return text(locale, "outcome-staff", when=when)
    outcome = outcome_of(content.standing.jobs.values()) if content.standing.jobs else last.outcome
    return text(locale, f"outcome-{outcome}", when=when)
