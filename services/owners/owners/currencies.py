"""The currencies in use: legal tender somewhere today, by CLDR (ISO 4217 codes)."""

from __future__ import annotations

from functools import cache

from babel.core import get_global


@cache
def current_currencies() -> frozenset[str]:
    """ISO 4217 codes of today's legal tender."""
    territories = get_global("territory_currencies")
    return frozenset(
        code for history in territories.values() for code, _, until, tender in history if until is None and tender
    )
