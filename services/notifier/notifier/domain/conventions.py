"""How a person reads: language, clock and units."""

from __future__ import annotations

from dataclasses import dataclass

LOCALES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Conventions:
    """A user's settings as far as texts need them: locale (ru, en), IANA time zone, km or mi."""

    locale: str
    time_zone: str
    distance_unit: str
