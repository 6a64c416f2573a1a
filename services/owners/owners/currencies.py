"""The currencies in use: legal tender somewhere today, by CLDR (ISO 4217 codes), and their minor units."""

from __future__ import annotations

from functools import cache
from typing import Final

from babel.core import get_global

# ISO 4217 list one. CLDR counts the digits that people write instead: none for IQD, LBP and others.
_UNUSUAL: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
_DIGITS: Final = {code: digits for digits, codes in _UNUSUAL.items() for code in codes.split()}


@cache
def current_currencies() -> frozenset[str]:
    """ISO 4217 codes of today's legal tender."""
    territories = get_global("territory_currencies")
    return frozenset(
        code for history in territories.values() for code, _, until, tender in history if until is None and tender
    )


def minor_digits(code: str) -> int:
    """How many decimals the currency's minor unit stands for: 2 for RUB, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(code, 2)
