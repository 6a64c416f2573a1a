"""Sign-in data as Telegram signs it, and as those do who would like to pass for Telegram."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

BOT_TOKEN = "1234567890:AAF-test-bot-token-of-this-suite"
TELEGRAM_KEY = Ed25519PrivateKey.generate()

type Fields = Mapping[str, str]


def mini_app_fields(now: datetime, telegram_id: int = 77_001, **user: Any) -> dict[str, str]:
    """What a Mini App is opened with, before it is signed."""
    person = {"id": telegram_id, "first_name": "Анна", "last_name": "Тест", "language_code": "ru"} | user
    return {
        "auth_date": str(int(now.timestamp())),
        "query_id": secrets.token_urlsafe(12),
        "user": json.dumps(person, ensure_ascii=False),
    }


def with_signature(fields: Fields, *, bot_id: str = BOT_TOKEN.partition(":")[0]) -> dict[str, str]:
    """With Telegram's Ed25519 signature for third parties."""
    signed = f"{bot_id}:WebAppData\n{_lines(fields)}"
    signature = base64.urlsafe_b64encode(TELEGRAM_KEY.sign(signed.encode())).rstrip(b"=").decode()
    return {**fields, "signature": signature}


def with_hash(fields: Fields, *, bot_token: str = BOT_TOKEN) -> dict[str, str]:
    """With the HMAC for the bot itself, over the signature as well when there is one."""
    secret = hmac.digest(b"WebAppData", bot_token.encode(), "sha256")
    return {**fields, "hash": hmac.new(secret, _lines(fields).encode(), "sha256").hexdigest()}


def query(fields: Fields) -> str:
    """As the query string that `Telegram.WebApp.initData` is."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())


def init_data(now: datetime, telegram_id: int = 77_001, **user: Any) -> str:
    """Good init data with both proofs."""
    return query(with_hash(with_signature(mini_app_fields(now, telegram_id, **user))))


def widget(now: datetime, telegram_id: int = 77_001, *, bot_token: str = BOT_TOKEN, **fields: Any) -> dict[str, Any]:
    """Good data of the Login Widget; numbers are numbers, as its callback gets them."""
    data = {"id": telegram_id, "first_name": "Анна", "auth_date": int(now.timestamp())} | fields
    secret = hashlib.sha256(bot_token.encode()).digest()
    signed = _lines({name: str(value) for name, value in data.items()})
    return {**data, "hash": hmac.new(secret, signed.encode(), "sha256").hexdigest()}


def _lines(fields: Fields) -> str:
    return "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
