"""JSON as this platform reads it: what other readers would understand differently, or not at all, is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from chassis.problems import BadRequest

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 19  # a signed 64-bit integer; a longer number loses digits in most readers

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# Possessive, and content with an unclosed string: linear on whatever somebody thinks up.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_TO_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class NotStrict(ValueError):  # noqa: N818 - reads as what is wrong
    """Why a text is refused, in words for its sender."""


def check(body: bytes) -> None:
    """Raises BadRequest (400) unless the body is one strict JSON value.

    Refused: invalid UTF-8, lone surrogates, NUL, NaN and infinities (1e400 as well), integers beyond 64 bits,
    duplicate keys, nesting deeper than 64.
    """
    try:
        _check(body)
    except (orjson.JSONDecodeError, NotStrict, RecursionError) as error:
        # orjson's message quotes no input, only what is wrong and where.
        raise BadRequest(f"The body is not acceptable JSON: {error}", slug="bad-json") from error


def _check(body: bytes) -> None:
    _check_depth(body)  # first: no parser is ever given deep nesting
    orjson.loads(body)  # grammar, UTF-8, surrogates, NaN; it lets the rest below through
    if _ESCAPED_NUL.search(body):
        raise NotStrict("a string contains NUL")
    json.loads(body, object_pairs_hook=_without_duplicates, parse_float=_finite, parse_int=_sixty_four_bits)


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    skeleton = _STRING.sub(b"", body).translate(_TO_BRACKETS, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        skeleton = skeleton.replace(b"[]", b"")  # takes the innermost level away
    if skeleton:
        raise NotStrict(f"nested deeper than {MAX_DEPTH}, or brackets do not match")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise NotStrict("an object has the same key twice")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NotStrict("a number is too large")
    return value


def _sixty_four_bits(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS or not -(2**63) <= int(digits) < 2**63:
        raise NotStrict("an integer is beyond 64 bits")
    return 0
