"""A person who signed in: settings, and one name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, Self
from uuid import UUID

from owners.domain.odometer.reading import Unit

type Locale = Literal["ru", "en"]
type VolumeUnit = Literal["l", "gal_us", "gal_uk"]

_FIRST_ZONE: Final = "Europe/Moscow"
_FIRST_CURRENCY: Final = "RUB"


@dataclass(frozen=True, slots=True)
class User:
    """`sequence` counts the events about the settings, `profile_sequence` those that carry the name."""

    id: UUID
    display_name: str | None
    locale: Locale
    time_zone: str
    currency: str
    distance_unit: Unit
    volume_unit: VolumeUnit
    created_at: datetime
    erased_at: datetime | None
    sequence: int
    profile_sequence: int
    version: int

    @classmethod
    def registered(cls, user_id: UUID, *, display_name: str, language_code: str | None, now: datetime) -> Self:
        """A person at the first sign-in. Telegram tells the language; the rest is Moscow's until it is set."""
        language = (language_code or "ru").split("-")[0]
        return cls(
            id=user_id,
            display_name=display_name,
            locale="ru" if language == "ru" else "en",
            time_zone=_FIRST_ZONE,
            currency=_FIRST_CURRENCY,
            distance_unit="km",
            volume_unit="l",
            created_at=now,
            erased_at=None,
            sequence=1,
            profile_sequence=1,
            version=1,
        )

    def edited(self, changes: dict[str, Any]) -> Self:
        """With other settings or another name; itself when nothing differs."""
        changed = {name for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return self
        renamed = "display_name" in changed
        return replace(
            self,
            **changes,
            sequence=self.sequence + (1 if changed - {"display_name"} else 0),
            profile_sequence=self.profile_sequence + (1 if renamed else 0),
            version=self.version + 1,
        )

    def erased(self, now: datetime) -> Self:
        """Without the name, for good."""
        return replace(self, display_name=None, erased_at=now, sequence=self.sequence + 1, version=self.version + 1)
