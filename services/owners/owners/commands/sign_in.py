"""Signs in with a proof from Telegram; the first time registers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from owners import events
from owners.db.sessions import accept_proof, add_refresh_token, open_session
from owners.db.users import act_as, claim_telegram_id, find_user, insert_user, user_of_telegram
from owners.domain.user import User
from owners.events import By
from owners.signin.refusal import SignInRefused
from owners.signin.telegram import MAX_AGE, MAX_SKEW, TelegramSignIn
from owners.signin.tokens import REFRESH_LIFETIME, RefreshToken

_REMEMBER: Final = MAX_AGE + 2 * MAX_SKEW + timedelta(minutes=1)
"""After that the proof is refused for its age, whoever's clock is asked."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """Who signed in, and what keeps the session going."""

    user_id: UUID
    session_id: UUID
    refresh_token: RefreshToken
    registered: bool


async def sign_in(tx: Transaction, proof: TelegramSignIn, *, now: datetime) -> OpenedSession:
    """A new session; raises SignInRefused for a proof that was used before."""
    if not await accept_proof(tx, proof.fingerprint, forget_at=proof.signed_at + _REMEMBER, now=now):
        raise SignInRefused("This sign-in was used before. Open the app from Telegram again.")
    user_id = await user_of_telegram(tx, proof.telegram_id)
    registered = False
    if user_id is None:
        user_id, registered = await _register(tx, proof, now)
    await act_as(tx, user_id)
    if not registered and await find_user(tx, user_id, lock=True) is None:
        raise SignInRefused  # erased this very moment
    session_id, token = new_id(), RefreshToken.new()
    await open_session(tx, session_id, user_id, now)
    await add_refresh_token(tx, token.digest, session_id, issued_at=now, expires_at=now + REFRESH_LIFETIME)
    return OpenedSession(user_id, session_id, token, registered)


async def _register(tx: Transaction, proof: TelegramSignIn, now: datetime) -> tuple[UUID, bool]:
    """The new user's id and True, or, when somebody signed in with the same Telegram id just now, that user's."""
    user = User.registered(new_id(), display_name=proof.display_name, language_code=proof.language_code, now=now)
    if not await claim_telegram_id(tx, proof.telegram_id, user.id):
        winner = await user_of_telegram(tx, proof.telegram_id)
        if winner is None:
            raise SignInRefused
        return winner, False
    await act_as(tx, user.id)
    await insert_user(tx, user)
    by = By.user(user.id, now)
    tx.record(events.user_registered(user, by))
    tx.record(events.profile_updated(user, by))
    return user.id, True
