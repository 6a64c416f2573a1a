"""Settings of owners."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from chassis.settings import ServiceSettings
from owners.domain.odometer.staleness import STALE_AFTER


class OwnersSettings(ServiceSettings):
    """What the API role needs for sign-ins. `telegram_public_key` is by default the one of Telegram's production.

    `tesseract` is the name or path of the program that reads text in images; without it only codes are read.
    After `stale_reading_days` without an ok odometer reading a car's owner is asked for one by the worker role.
    """

    telegram_bot_token: str = Field(default="", repr=False)
    telegram_public_key: str = Field(
        default="e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d", pattern=r"^[0-9a-f]{64}$"
    )
    signing_keys_dir: Path | None = None
    notifier_credential: str = Field(default="", repr=False)
    tesseract: str = "tesseract"
    stale_reading_days: int = Field(default=STALE_AFTER.days, ge=1, le=3650)
