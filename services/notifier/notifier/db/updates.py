"""Rows of what the bot hears: written down before Telegram is told so, handled once, then forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import text

from chassis.db import Transaction

# No conflict target and no RETURNING: the webhook's role may insert here and read nothing.
_ADD: Final = text(
    """
    INSERT INTO telegram_update (update_id, sender_id, payload, received_at)
    VALUES (:update_id, :sender_id, CAST(:payload AS jsonb), :now) ON CONFLICT DO NOTHING
    """
)
# In order for each sender, side by side across senders.
_CLAIM: Final = text(
    """
    UPDATE telegram_update SET tries = tries + 1, leased_until = :leased_until
    WHERE update_id IN (
        SELECT waiting.update_id FROM telegram_update waiting
        WHERE waiting.done_at IS NULL AND (waiting.leased_until IS NULL OR waiting.leased_until <= :now)
          AND NOT EXISTS (
              SELECT FROM telegram_update earlier
              WHERE earlier.done_at IS NULL AND earlier.sender_id = waiting.sender_id
                AND earlier.update_id < waiting.update_id
          )
        ORDER BY waiting.update_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING update_id, payload, tries
    """
)
_FINISH: Final = text(
    """
    UPDATE telegram_update SET done_at = :now, payload = NULL, sender_id = NULL, leased_until = NULL
    WHERE update_id = :update_id
    """
)
_BIGGEST: Final = 1 << 63
_FORGET: Final = text("DELETE FROM telegram_update WHERE done_at < :before")


@dataclass(frozen=True, slots=True)
class ClaimedUpdate:
    """An update that is this worker's to handle."""

    update_id: int
    payload: dict[str, Any]
    tries: int


async def add_updates(tx: Transaction, updates: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Writes them down; one that is known, even if handled long ago, is left alone."""
    rows = [
        {
            "update_id": update["update_id"],
            "sender_id": _sender_id(update),
            "payload": orjson.dumps(_without_nul(update)).decode(),
            "now": now,
        }
        for update in updates
    ]
    if rows:
        await tx.execute(_ADD, rows)


async def claim_updates(tx: Transaction, *, limit: int, now: datetime, leased_until: datetime) -> list[ClaimedUpdate]:
    """The oldest that wait; after `leased_until` another worker takes those up that are not finished."""
    rows = await tx.execute(_CLAIM, {"limit": limit, "now": now, "leased_until": leased_until})
    return [ClaimedUpdate(row.update_id, row.payload, row.tries) for row in rows]


async def finish_update(tx: Transaction, update_id: int, *, now: datetime) -> None:
    """It is handled; only its number is kept, against a repetition."""
    await tx.execute(_FINISH, {"update_id": update_id, "now": now})


async def forget_updates(tx: Transaction, *, before: datetime) -> None:
    """Telegram repeats nothing that is this old."""
    await tx.execute(_FORGET, {"before": before})


def _sender_id(update: dict[str, Any]) -> int | None:
    for kind in ("message", "callback_query", "my_chat_member"):
        body = update.get(kind)
        if isinstance(body, dict):
            sender = body.get("from")
            sender_id = sender.get("id") if isinstance(sender, dict) else None
            return sender_id if isinstance(sender_id, int) and abs(sender_id) < _BIGGEST else None
    return None


def _without_nul(value: Any) -> Any:
    """A jsonb value cannot hold NUL, and one update that cannot be stored would hold up all that follow."""
    match value:
        case str():
            return value.replace("\0", "")
        case dict():
            return {key: _without_nul(each) for key, each in value.items()}
        case list():
            return [_without_nul(each) for each in value]
        case _:
            return value
