"""Telegram's sign-in data as fields, before anything in it is believed. Whatever is odd is refused, not repaired."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from owners.signin.refusal import SignInRefused

MAX_INIT_DATA: Final = 8_192
MAX_FIELDS: Final = 32

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9_-]{86}(==)?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,16}", re.ASCII)

type Fields = Mapping[str, str]


def init_data_fields(init_data: str) -> Fields:
    """The fields of a Mini App's `initData` query string; raises SignInRefused."""
    if not init_data or len(init_data) > MAX_INIT_DATA or not init_data.isascii():
        raise SignInRefused
    return _fields(_pair(part) for part in init_data.split("&"))


def login_widget_fields(data: Mapping[str, Any]) -> Fields:
    """The fields that the Login Widget's callback hands over; raises SignInRefused."""
    return _fields((name, _text(value)) for name, value in data.items())


def check_string(fields: Fields, *, without: frozenset[str]) -> str:
    """What Telegram signs: `name=value`, sorted by name, one a line."""
    return "\n".join(f"{name}={fields[name]}" for name in sorted(fields) if name not in without)


def hash_of(fields: Fields) -> str | None:
    """The HMAC, lower-case hex; None when there is none; raises SignInRefused for anything else."""
    value = fields.get("hash")
    if value is not None and not _HASH.fullmatch(value):
        raise SignInRefused
    return value


def signature_of(fields: Fields) -> bytes | None:
    """The 64 bytes of the Ed25519 signature; None when there is none; raises SignInRefused for anything else."""
    value = fields.get("signature")
    if value is None:
        return None
    if not _SIGNATURE.fullmatch(value):
        raise SignInRefused
    try:
        return base64.b64decode(value.rstrip("=") + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        raise SignInRefused from None


def number(text: str | None) -> int:
    """A positive integer of at most 16 digits; raises SignInRefused."""
    if text is None or not _NUMBER.fullmatch(text) or int(text) == 0:
        raise SignInRefused
    return int(text)


def json_object(text: str | None) -> dict[str, Any]:
    """A JSON object without duplicate keys; raises SignInRefused."""
    try:
        value = json.loads(text or "", object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        raise SignInRefused from None
    if not isinstance(value, dict):
        raise SignInRefused
    return value


def _fields(pairs: Iterable[tuple[str, str]]) -> Fields:
    fields: dict[str, str] = {}
    for name, value in pairs:
        # A line break in a value would make the signed text mean several sets of fields.
        if not _NAME.fullmatch(name) or _CONTROL.search(value) or name in fields or len(fields) == MAX_FIELDS:
            raise SignInRefused
        fields[name] = value
    return fields


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise SignInRefused
    try:
        return name, unquote_to_bytes(value.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise SignInRefused from None


def _text(value: object) -> str:
    if isinstance(value, str) and len(value) <= MAX_INIT_DATA:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    raise SignInRefused


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("the same key twice")
    return dict(pairs)
