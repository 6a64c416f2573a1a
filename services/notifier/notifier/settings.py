"""Settings of the notifier."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from chassis.settings import Seconds, ServiceSettings
from notifier.domain.conventions import Conventions

_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")  # what Telegram takes, and long enough not to be guessed


class NotifierSettings(ServiceSettings):
    """`telegram_timeout` and `gateway_timeout` bound one call; `sending_lease` must outlast a call to Telegram."""

    telegram_bot_token: str = Field(default="", repr=False)
    telegram_bot_username: str = ""
    telegram_api_url: str = "https://api.telegram.org"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: str = Field(default="", repr=False)
    gateway_url: str = ""
    notifier_credential: str = Field(default="", repr=False)

    default_locale: Literal["ru", "en"] = "ru"
    default_time_zone: str = "Europe/Moscow"
    default_distance_unit: Literal["km", "mi"] = "km"

    telegram_timeout: Seconds = 10.0
    telegram_poll: Annotated[int, Field(ge=0, le=50)] = 20
    gateway_timeout: Seconds = 4.0
    sending_lease: Seconds = 30.0
    delivery_batch: int = Field(default=10, ge=1, le=30)
    delivery_idle: Seconds = 0.25
    update_idle: Seconds = 0.25

    @property
    def fallback(self) -> Conventions:
        """For readers whose own settings have not arrived."""
        return Conventions(self.default_locale, self.default_time_zone, self.default_distance_unit)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.telegram_mode == "webhook":
            _check_secret(self.telegram_webhook_secret)
        if self.sending_lease < self.telegram_timeout + 5:
            raise ValueError("CARPASS_SENDING_LEASE must be CARPASS_TELEGRAM_TIMEOUT and 5 seconds at least")
        return self


def _check_secret(secret: str) -> None:
    if not _SECRET.fullmatch(secret):
        raise ValueError(
            "with CARPASS_TELEGRAM_MODE=webhook, CARPASS_TELEGRAM_WEBHOOK_SECRET must be 16 to 256 of A-Z a-z 0-9 _ -"
        )
