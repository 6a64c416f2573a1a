"""Sign-in, sessions and public keys. Sign-in and refresh need no Idempotency-Key: their proofs work once anyway."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis.db import Transaction
from chassis.http import Action, Answer
from chassis.ids import derived_id
from chassis.problems import NotFound, Unauthenticated
from owners.api.auth_schemas import (
    AccessTokenResponse,
    BotTokenRequest,
    JwksResponse,
    RefreshRequest,
    SessionResponse,
    SignedInResponse,
    TelegramSignInRequest,
)
from owners.api.context import Now, Owners, OwnersContext
from owners.commands.log_out import log_out
from owners.commands.refresh_session import refresh_session
from owners.commands.sign_in import sign_in
from owners.db.users import user_of_telegram
from owners.signin.refusal import SessionEnded, SignInRefused
from owners.signin.telegram import TelegramSignIn
from owners.signin.tokens import ACCESS_LIFETIME, BOT_LIFETIME, REFRESH_LIFETIME, access_token

router = APIRouter(tags=["sign-in"])

_NO_STORE: Final = {"Cache-Control": "no-store"}
_PROBLEM: Final[dict[str, Any]] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {401: {"description": "Not proven.", "content": _PROBLEM}}
_UNKNOWN: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "Nobody signed in so.", "content": _PROBLEM}}
_notifier = HTTPBearer(scheme_name="notifierCredential", auto_error=False)


@router.post("/v1/auth/telegram", responses=_REFUSED)
async def sign_in_with_telegram(
    body: TelegramSignInRequest, owners: Owners, now: Now, response: Response
) -> SignedInResponse:
    """Signs in, and registers at the first time. A proof is at most 5 minutes old and works once (else 401)."""
    proof = _proof(body, owners, now)
    async with owners.database.transaction() as tx:
        opened = await sign_in(tx, proof, now=now)
    response.headers.update(_NO_STORE)
    return SignedInResponse(
        access_token=access_token(
            owners.keys, user_id=opened.user_id, session_id=opened.session_id, now=now, lifetime=ACCESS_LIFETIME
        ),
        expires_in=int(ACCESS_LIFETIME.total_seconds()),
        user_id=opened.user_id,
        refresh_token=opened.refresh_token.text,
        refresh_expires_in=int(REFRESH_LIFETIME.total_seconds()),
        registered=opened.registered,
    )


@router.post("/v1/auth/refresh", responses=_REFUSED)
async def refresh_tokens(body: RefreshRequest, owners: Owners, now: Now, response: Response) -> SessionResponse:
    """The next tokens of a session (401 when it is over). The token presented works no more."""
    async with owners.database.transaction() as tx:
        refreshed = await refresh_session(tx, body.refresh_token, now=now)
    if refreshed is None:
        raise SessionEnded
    response.headers.update(_NO_STORE)
    return SessionResponse(
        access_token=access_token(
            owners.keys, user_id=refreshed.user_id, session_id=refreshed.session_id, now=now, lifetime=ACCESS_LIFETIME
        ),
        expires_in=int(ACCESS_LIFETIME.total_seconds()),
        user_id=refreshed.user_id,
        refresh_token=refreshed.refresh_token.text,
        refresh_expires_in=int(REFRESH_LIFETIME.total_seconds()),
    )


@router.post("/v1/auth/logout", status_code=204)
async def end_session(action: Action, now: Now) -> Response:
    """Ends the caller's session: its refresh tokens are worthless at once, its access token after 15 min at most."""

    async def use_case(tx: Transaction) -> None:
        await log_out(tx, user_id=action.caller.user_id, session_id=action.caller.session_id, now=now)

    return await action.run(use_case, lambda _: Answer(204))


@router.post("/v1/auth/bot", responses=_REFUSED | _UNKNOWN)
async def issue_bot_token(
    body: BotTokenRequest,
    owners: Owners,
    now: Now,
    response: Response,
    credential: Annotated[HTTPAuthorizationCredentials | None, Depends(_notifier)],
) -> AccessTokenResponse:
    """For notifier: a 5-minute token of the user with this Telegram id (404 when there is none)."""
    given = b"" if credential is None else credential.credentials.encode()
    if not hmac.compare_digest(given, owners.notifier_credential):
        raise Unauthenticated("This is not the notifier's credential.")
    async with owners.database.transaction() as tx:
        user_id = await user_of_telegram(tx, body.telegram_id)
    if user_id is None:
        raise NotFound
    response.headers.update(_NO_STORE)
    return AccessTokenResponse(
        access_token=access_token(
            owners.keys, user_id=user_id, session_id=derived_id(user_id, "bot"), now=now, lifetime=BOT_LIFETIME
        ),
        expires_in=int(BOT_LIFETIME.total_seconds()),
        user_id=user_id,
    )


@router.get("/.well-known/jwks.json")
async def get_public_keys(owners: Owners, response: Response) -> JwksResponse:
    """The public keys of access tokens; one that is not there yet may be asked for again after 30 seconds."""
    response.headers["Cache-Control"] = "public, max-age=30"
    return JwksResponse.model_validate(owners.keys.jwks())


def _proof(body: TelegramSignInRequest, owners: OwnersContext, now: datetime) -> TelegramSignIn:
    if body.init_data is not None:
        return owners.telegram.mini_app(body.init_data, now=now)
    if body.login_widget is not None:
        return owners.telegram.login_widget(body.login_widget, now=now)
    raise SignInRefused
