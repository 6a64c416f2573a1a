"""Numbers as people and apps write them: a decimal comma or point, grouped thousands, a currency beside them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from owners.currencies import current_currencies
from owners.imports.rows import DecimalSeparator

_LONGEST: Final = 40
_SPACES: Final = re.compile(r"[\s\u00a0\u202f\u2009'’]+")
_CORE: Final = re.compile(r"([-−]?)([^\d.,−-]*)([-−]?)([\d.,]*\d)[.,]?([^\d,−-]*)", re.ASCII)
_GROUPED: Final = {
    ",": re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}", re.ASCII),
    ".": re.compile(r"\d{1,3}(?:\.\d{2,3})*\.\d{3}", re.ASCII),
}
_OTHER: Final[dict[DecimalSeparator, DecimalSeparator]] = {",": ".", ".": ","}
_SIGNS: Final = {
    "€": ("EUR",),
    "£": ("GBP",),
    "₽": ("RUB",),
    "руб": ("RUB",),
    "р": ("RUB",),
    "₴": ("UAH",),
    "грн": ("UAH",),
    "₸": ("KZT",),
    "₺": ("TRY",),
    "₹": ("INR",),
    "₪": ("ILS",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "r$": ("BRL",),
    "br": ("BYN", "ETB"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "$": ("USD", "CAD", "AUD", "NZD", "MXN"),
}


class NotANumber(ValueError):  # noqa: N818 - it is named for what the text is
    """No number, or more than one way to read it and none chosen."""


def separators_of(text: str) -> frozenset[DecimalSeparator] | None:
    """Which decimal separators `text` can be read with; None when it is a number either way, or no number."""
    parts = _parts(text)
    if parts is None:
        return None
    digits = parts[1]
    found = {mark for mark in _OTHER if mark in digits}
    if not found:
        return None
    return frozenset(mark for mark in _OTHER if _read(digits, mark) is not None)


def number(text: str, separator: DecimalSeparator | None) -> Decimal:
    """The number; the separator decides only where both would do. Raises NotANumber."""
    parts = _parts(text)
    if parts is None:
        raise NotANumber
    sign, digits, _ = parts
    possible = {value for mark in _OTHER if (value := _read(digits, mark)) is not None}
    if len(possible) > 1:
        possible = {value for mark in _OTHER if mark == separator and (value := _read(digits, mark)) is not None}
    if len(possible) != 1:
        raise NotANumber
    value = possible.pop()
    return -value if sign else value


def currencies_of(text: str) -> tuple[str, ...]:
    """Which currencies the sign or code beside a number can mean; nothing when there is none."""
    parts = _parts(text)
    return () if parts is None else _named(parts[2])


def _parts(text: str) -> tuple[str, str, str] | None:
    """Sign, digits with their separators, and what stands beside them; None for what is no number."""
    if len(text) > _LONGEST:
        return None
    found = _CORE.fullmatch(_SPACES.sub("", text))
    if found is None:
        return None
    beside = found[2] + found[5]
    if beside and not _named(beside):
        return None
    return found[1] or found[3], found[4], beside


def _named(beside: str) -> tuple[str, ...]:
    code = beside.strip(".").upper()
    if code in current_currencies():
        return (code,)
    return _SIGNS.get(beside.strip(".").lower(), ())


def _read(digits: str, mark: DecimalSeparator) -> Decimal | None:
    """The digits with `mark` before the decimals and the other one, if at all, between groups of thousands."""
    whole, _, decimals = digits.partition(mark)
    other = _OTHER[mark]
    if mark in decimals or other in decimals:
        return None
    if other in whole:
        if not _GROUPED[other].fullmatch(whole) or whole.startswith("0"):
            return None
        whole = whole.replace(other, "")
    return Decimal(f"{whole or '0'}.{decimals}" if decimals else whole)
