"""Telegram's three proofs of who somebody is, as Telegram documents them, and nothing accepted besides.

Mini App, for the bot's own backend (HMAC) and for third parties (Ed25519):
https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
Login Widget: https://core.telegram.org/widgets/login#checking-authorization
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from owners.signin.fields import (
    Fields,
    check_string,
    hash_of,
    init_data_fields,
    json_object,
    login_widget_fields,
    number,
    signature_of,
)
from owners.signin.refusal import SignInRefused

MAX_AGE: Final = timedelta(minutes=5)
MAX_SKEW: Final = timedelta(seconds=30)
"""How far Telegram's clock may be ahead of ours."""

_MAX_NAME: Final = 128
_UNNAMED: Final = "Telegram user"
_PROOFS: Final = frozenset({"hash", "signature"})


@dataclass(frozen=True, slots=True)
class TelegramSignIn:
    """A proven sign-in. `fingerprint` is the same for the same data, whichever of its proofs came along."""

    telegram_id: int
    display_name: str
    language_code: str | None
    signed_at: datetime
    fingerprint: bytes


class TelegramVerifier:
    """Verifies sign-ins to one bot."""

    def __init__(self, *, bot_token: str, public_key: Ed25519PublicKey) -> None:
        """`public_key`: what Telegram signs Mini App data for third parties with."""
        token = bot_token.encode()
        self._bot_id = bot_token.partition(":")[0]
        self._mini_app_secret = hmac.digest(b"WebAppData", token, "sha256")
        self._widget_secret = hashlib.sha256(token).digest()
        self._public_key = public_key

    def mini_app(self, init_data: str, *, now: datetime) -> TelegramSignIn:
        """Verifies `initData` by every proof that it brings, at least one; raises SignInRefused (401)."""
        fields = init_data_fields(init_data)
        expected_hash, signature = hash_of(fields), signature_of(fields)
        if expected_hash is None and signature is None:
            raise SignInRefused
        if expected_hash is not None:
            signed = check_string(fields, without=frozenset({"hash"}))
            _verify_hmac(self._mini_app_secret, signed, expected_hash)
        if signature is not None:
            self._verify_signature(check_string(fields, without=_PROOFS), signature)
        return _sign_in(json_object(fields.get("user")), fields, "mini-app", now)

    def login_widget(self, data: Mapping[str, Any], *, now: datetime) -> TelegramSignIn:
        """Verifies what the Login Widget's callback got; raises SignInRefused (401)."""
        fields = login_widget_fields(data)
        expected_hash = hash_of(fields)
        if expected_hash is None:
            raise SignInRefused
        _verify_hmac(self._widget_secret, check_string(fields, without=frozenset({"hash"})), expected_hash)
        user = {**fields, "id": number(fields.get("id"))}
        return _sign_in(user, fields, "login-widget", now)

    def _verify_signature(self, signed: str, signature: bytes) -> None:
        try:
            self._public_key.verify(signature, f"{self._bot_id}:WebAppData\n{signed}".encode())
        except InvalidSignature:
            raise SignInRefused from None


def _verify_hmac(secret: bytes, signed: str, expected: str) -> None:
    if not hmac.compare_digest(hmac.digest(secret, signed.encode(), "sha256"), bytes.fromhex(expected)):
        raise SignInRefused


def _sign_in(user: Mapping[str, Any], fields: Fields, kind: str, now: datetime) -> TelegramSignIn:
    telegram_id = user.get("id")
    if not isinstance(telegram_id, int) or isinstance(telegram_id, bool) or user.get("is_bot"):
        raise SignInRefused
    language_code = user.get("language_code")
    content = f"{kind}\n{check_string(fields, without=_PROOFS)}"
    return TelegramSignIn(
        telegram_id=number(str(telegram_id)),
        display_name=_display_name(user),
        language_code=language_code if isinstance(language_code, str) else None,
        signed_at=_signed_at(fields, now),
        fingerprint=hashlib.sha256(content.encode()).digest(),
    )


def _signed_at(fields: Fields, now: datetime) -> datetime:
    seconds = number(fields.get("auth_date"))
    age = now.timestamp() - seconds
    if not -MAX_SKEW.total_seconds() <= age <= MAX_AGE.total_seconds():
        raise SignInRefused("This sign-in is out of date. Open the app from Telegram again.")
    return datetime.fromtimestamp(seconds, UTC)


def _display_name(user: Mapping[str, Any]) -> str:
    parts = [user[part] for part in ("first_name", "last_name") if isinstance(user.get(part), str)]
    name = " ".join(" ".join(parts).split())[:_MAX_NAME].rstrip()
    try:
        name.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape and no database can keep
        raise SignInRefused from None
    if "\0" in name:
        raise SignInRefused
    return name or _UNNAMED
