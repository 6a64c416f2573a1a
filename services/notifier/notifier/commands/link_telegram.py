"""A Telegram chat becomes a user's by a one-time token, and stays so until he or Telegram ends it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import check_version
from notifier.db import chats
from notifier.domain.delivery import Reason
from notifier.domain.linking import IssuedToken, TokenState, token_hash


class Linking(Enum):
    """How an attempt to link ended."""

    LINKED = auto()
    UNKNOWN = auto()
    USED = auto()
    EXPIRED = auto()
    FOREIGN = auto()


_REFUSALS = {TokenState.USED: Linking.USED, TokenState.EXPIRED: Linking.EXPIRED}


async def request_link(tx: Transaction, user_id: UUID, *, now: datetime) -> IssuedToken:
    """A new token; the user's earlier one is void."""
    await chats.lock_link(tx, user_id)
    issued = IssuedToken.new(now)
    await chats.save_token(tx, user_id, token_hash(issued.token), issued.expires_at)
    return issued


async def check_token(tx: Transaction, token: str, *, now: datetime) -> Linking | None:
    """Why the token cannot be used; None when it can."""
    found = await chats.find_token(tx, token_hash(token))
    if found is None:
        return Linking.UNKNOWN
    return _REFUSALS.get(found.state(now))


async def link_chat(tx: Transaction, token: str, *, chat_id: int, account: UUID, now: datetime) -> Linking:
    """Ties the chat to the token's user, who must be `account`: the one that signs in from this chat.

    A token in the wrong hands is refused and stays valid for the right ones.
    """
    found = await chats.find_token(tx, token_hash(token))
    if found is None:
        return Linking.UNKNOWN
    if found.user_id != account:
        return Linking.FOREIGN
    former = await chats.user_of(tx, chat_id)
    for user_id in sorted({account, former or account}):
        await chats.lock_link(tx, user_id)
    found = await chats.find_token(tx, token_hash(token))  # as it is now that nobody else can use it
    if found is None or await chats.is_erased(tx, account):
        return Linking.UNKNOWN
    refusal = _REFUSALS.get(found.state(now))
    if refusal is not None:
        return refusal
    if former is not None and former != account:
        await chats.remove_chat(tx, former, Reason.UNLINKED, now=now)
    await chats.use_token(tx, account, now=now)
    await chats.save_chat(tx, account, chat_id, now=now)
    return Linking.LINKED


async def unlink(tx: Transaction, user_id: UUID, *, expected_version: int, now: datetime) -> None:
    """Forgets the chat and any token; there may be none. Raises PreconditionFailed (412)."""
    check_version(expected_version, await chats.lock_link(tx, user_id))
    await chats.remove_token(tx, user_id)
    await chats.remove_chat(tx, user_id, Reason.UNLINKED, now=now)
