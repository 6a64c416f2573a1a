"""Which currency a text names, if it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from owners.ocr.lines import Line

# A dollar sign alone is the money of twenty countries, and kr of four: no candidates for it here.
_MARKS: Final = {
    "RUB": r"₽|\bруб(?:\.|л[еёья]\w*)?(?!\w)|\bRUB\b|\bRUR\b",
    "KZT": r"₸|\bтенге\b|\bтг\b|\bKZT\b",
    "BYN": r"\bBYN\b|\bУНП\b",
    "EUR": r"€|\bEUR\b",
    "USD": r"\bUSD\b|\bUS\$",
    "GBP": r"£|\bGBP\b",
    "GEL": r"₾|\bGEL\b",
    "AMD": r"֏|\bAMD\b",
    "UZS": r"\bUZS\b",
    "KGS": r"\bKGS\b",
    "UAH": r"₴|\bUAH\b",
    "PLN": r"\bPLN\b|\bzł",
    "TRY": r"₺|\bTRY\b",
}
_PATTERNS: Final = {code: re.compile(pattern, re.IGNORECASE) for code, pattern in _MARKS.items()}


def currency_of(lines: Sequence[Line]) -> str | None:
    """The one currency that is named; None when there is none, or more than one."""
    text = "\n".join(line.text for line in lines)
    named = [code for code, pattern in _PATTERNS.items() if pattern.search(text)]
    if named == ["RUB", "BYN"]:  # that rouble is a rouble too
        return "BYN"
    return named[0] if len(named) == 1 else None
