"""Rows of Telegram chats and of the tokens that link them. The recipient's row is locked before his chat changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from notifier.db.deliveries import suppress
from notifier.db.models import recipient, telegram_chat, telegram_link_token
from notifier.domain.delivery import Reason
from notifier.domain.linking import LinkToken

_ADD_RECIPIENT = text("INSERT INTO recipient (user_id) VALUES (:user_id) ON CONFLICT DO NOTHING")


async def add_recipient(tx: Transaction, user_id: UUID) -> None:
    """Makes sure that the user has a row."""
    await tx.execute(_ADD_RECIPIENT, {"user_id": user_id})


async def lock_link(tx: Transaction, user_id: UUID) -> int:
    """The version of the user's link; his chat is the caller's alone until the commit.

    FOR UPDATE: whoever is about to queue a message for him holds the row FOR KEY SHARE, and is waited for.
    """
    await add_recipient(tx, user_id)
    found = await tx.execute(select(recipient.c.link_version).where(recipient.c.user_id == user_id).with_for_update())
    version: int = found.scalar_one()
    return version


async def count_link_change(tx: Transaction, user_id: UUID) -> None:
    """The link is no longer what an earlier reader saw."""
    await tx.execute(
        update(recipient).where(recipient.c.user_id == user_id).values(link_version=recipient.c.link_version + 1)
    )


async def is_erased(tx: Transaction, user_id: UUID) -> bool:
    """Whether the user has gone for good."""
    found = await tx.execute(select(recipient.c.erased_at).where(recipient.c.user_id == user_id))
    return found.scalar_one_or_none() is not None


async def user_of(tx: Transaction, chat_id: int) -> UUID | None:
    """Whose chat it is."""
    found = await tx.execute(select(telegram_chat.c.user_id).where(telegram_chat.c.chat_id == chat_id))
    return found.scalar_one_or_none()


async def locale_of(tx: Transaction, chat_id: int) -> str | None:
    """The language of the chat's user."""
    found = await tx.execute(
        select(recipient.c.locale)
        .join(telegram_chat, telegram_chat.c.user_id == recipient.c.user_id)
        .where(telegram_chat.c.chat_id == chat_id)
    )
    return found.scalar_one_or_none()


async def save_chat(tx: Transaction, user_id: UUID, chat_id: int, *, now: datetime) -> None:
    """Links the chat to the user, whose chat is locked."""
    values = {
        "chat_id": chat_id,
        "linked_at": now,
        "disabled_at": None,
        "disabled_reason": None,
        "next_send_at": now,
    }
    statement = insert(telegram_chat).values(user_id=user_id, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))
    await count_link_change(tx, user_id)


async def remove_chat(tx: Transaction, user_id: UUID, reason: Reason, *, now: datetime) -> bool:
    """Unlinks the chat of the user, whose chat is locked, and takes what waits for it off the queue."""
    removed = await tx.execute(delete(telegram_chat).where(telegram_chat.c.user_id == user_id))
    if removed.rowcount:
        await suppress(tx, [user_id], reason, now=now)
        await count_link_change(tx, user_id)
    return bool(removed.rowcount)


async def disable(tx: Transaction, user_id: UUID, chat_id: int, reason: Reason, *, now: datetime) -> None:
    """The reader has shut the bot out: no more messages until he lets it in again."""
    await lock_link(tx, user_id)
    disabled = await tx.execute(
        update(telegram_chat)
        .where(
            telegram_chat.c.user_id == user_id,
            telegram_chat.c.chat_id == chat_id,
            telegram_chat.c.disabled_at.is_(None),
        )
        .values(disabled_at=now, disabled_reason=reason.value)
    )
    if disabled.rowcount:
        await suppress(tx, [user_id], Reason.CHAT_DISABLED, now=now)
        await count_link_change(tx, user_id)


async def enable(tx: Transaction, user_id: UUID) -> None:
    """The reader lets the bot in again. What was suppressed meanwhile stays so."""
    await lock_link(tx, user_id)
    enabled = await tx.execute(
        update(telegram_chat)
        .where(telegram_chat.c.user_id == user_id, telegram_chat.c.disabled_at.is_not(None))
        .values(disabled_at=None, disabled_reason=None)
    )
    if enabled.rowcount:
        await count_link_change(tx, user_id)


async def obstacle(tx: Transaction, user_id: UUID) -> Reason | None:
    """Why nothing can be sent to the user; keeps the answer true until the commit."""
    await tx.execute(
        select(recipient.c.user_id).where(recipient.c.user_id == user_id).with_for_update(read=True, key_share=True)
    )
    row = (
        await tx.execute(select(telegram_chat.c.disabled_at).where(telegram_chat.c.user_id == user_id))
    ).one_or_none()
    if row is None:
        return Reason.UNLINKED
    return Reason.CHAT_DISABLED if row.disabled_at is not None else None


async def save_token(tx: Transaction, user_id: UUID, token_hash: bytes, expires_at: datetime) -> None:
    """The user's one valid token: an older one is void."""
    values = {"token_hash": token_hash, "expires_at": expires_at, "used_at": None}
    statement = insert(telegram_link_token).values(user_id=user_id, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))


async def find_token(tx: Transaction, token_hash: bytes) -> LinkToken | None:
    """The token with this hash."""
    token = telegram_link_token
    found = await tx.execute(
        select(token.c.user_id, token.c.expires_at, token.c.used_at).where(token.c.token_hash == token_hash)
    )
    row = found.one_or_none()
    return None if row is None else LinkToken(row.user_id, row.expires_at, row.used_at)


async def use_token(tx: Transaction, user_id: UUID, *, now: datetime) -> None:
    """The token has done its work."""
    await tx.execute(update(telegram_link_token).where(telegram_link_token.c.user_id == user_id).values(used_at=now))


async def remove_token(tx: Transaction, user_id: UUID) -> None:
    """Makes the user's token void."""
    await tx.execute(delete(telegram_link_token).where(telegram_link_token.c.user_id == user_id))
