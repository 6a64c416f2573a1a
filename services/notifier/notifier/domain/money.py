"""How many decimals an amount in minor units has (ISO 4217). CLDR's digits differ: they say what people write."""

from __future__ import annotations

from decimal import Decimal

_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_SCALES = {code: decimals for decimals, codes in _CODES.items() for code in codes.split()}


def scale(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return _SCALES.get(currency, 2)


def major_units(amount_minor: int, currency: str) -> Decimal:
    """The amount in the currency itself: 12345 RUB in kopecks is 123.45."""
    return Decimal(amount_minor).scaleb(-scale(currency))
