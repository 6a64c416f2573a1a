from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.http import ApiModel


class TelegramSignInRequest(ApiModel):
    """What Telegram gave: a Mini App's `initData` or the Login Widget's fields, unchanged."""

    init_data: str | None = Field(
        default=None, description="`Telegram.WebApp.initData`. Its `hash`, its `signature` or both are verified."
    )
    login_widget: dict[str, Any] | None = Field(default=None, description="The object that the widget's callback gets.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.init_data is None) == (self.login_widget is None):
            raise ValueError("send either init_data or login_widget")
        return self


class RefreshRequest(ApiModel):
    """The refresh token that came last."""

    refresh_token: Annotated[str, Field(max_length=200)]


class BotTokenRequest(ApiModel):
    """Whom the bot acts for."""

    telegram_id: Annotated[int, Field(strict=True, gt=0, lt=10**16)]


class AccessTokenResponse(ApiModel):
    """An access token; `expires_in` is in seconds. It cannot be withdrawn before that."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- RFC 6749's word
    expires_in: int
    user_id: UUID


class SessionResponse(AccessTokenResponse):
    """Tokens of a session. Each refresh token works once: a second use ends the session."""

    refresh_token: str
    refresh_expires_in: int


class SignedInResponse(SessionResponse):
    """A new session; `registered` at the first sign-in."""

    registered: bool


class JwksResponse(ApiModel):
    """Public keys of access tokens (RFC 7517)."""

    keys: list[dict[str, str]]
