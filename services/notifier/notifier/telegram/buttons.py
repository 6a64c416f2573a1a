"""The buttons under a question. What they carry is versioned, so that an old message's press is told apart."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from notifier.db.content import Content
from notifier.domain.templates import Estimate, LinkRequest
from notifier.texts.catalog import text
from notifier.texts.messages import SHOWN_JOBS

EVERYTHING: Final = 0
"""The place that stands for all open jobs, or for a question that has no parts."""


class Choice(StrEnum):
    """What a button says, short enough for Telegram's 64 bytes."""

    APPROVE = "a"
    DECLINE = "d"


class Press(CallbackData, prefix="d1"):
    """A press: on which notification, what, and on which job of it (1 is the first)."""

    notification: UUID
    choice: Choice
    place: int


def keyboard(content: Content) -> InlineKeyboardMarkup | None:
    """The buttons for what can still be decided; None when nothing can."""
    match content.params:
        case LinkRequest() if content.standing.untouched:
            return InlineKeyboardMarkup(inline_keyboard=[_pair(content, EVERYTHING, "")])
        case Estimate() as estimate:
            rows = _estimate_rows(content, estimate)
            return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
        case _:
            return None


def _estimate_rows(content: Content, estimate: Estimate) -> list[list[InlineKeyboardButton]]:
    asked = [job.job_id for job in estimate.jobs]
    still_open = content.standing.open_jobs(asked)
    if not still_open:
        return []
    if len(asked) == 1:
        return [_pair(content, EVERYTHING, "")]
    shown = [place for place, job in enumerate(asked[:SHOWN_JOBS], start=1) if job in still_open]
    return [*(_pair(content, place, "-one") for place in shown), _pair(content, EVERYTHING, "-all")]


def _pair(content: Content, place: int, kind: str) -> list[InlineKeyboardButton]:
    buttons = (("button-approve", Choice.APPROVE), ("button-decline", Choice.DECLINE))
    return [
        InlineKeyboardButton(
            text=text(content.reader.locale, f"{name}{kind}", place=str(place)),
            callback_data=Press(notification=content.notification_id, choice=choice, place=place).pack(),
        )
        for name, choice in buttons
    ]
