"""What Telegram answers when it refuses a call."""

from typing import Any


class BotApiError(Exception):
    """A refusal with Telegram's own error code, description and parameters."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The JSON answer, as api.telegram.org words it."""
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer


def bad_request(detail: str) -> BotApiError:
    """A 400 with Telegram's prefix."""
    return BotApiError(400, f"Bad Request: {detail}")


def chat_not_found() -> BotApiError:
    """Nobody with this id has written to the bot yet."""
    return bad_request("chat not found")


def blocked_by_user() -> BotApiError:
    """The user has stopped the bot."""
    return BotApiError(403, "Forbidden: bot was blocked by the user")


def too_many_requests(retry_after: int) -> BotApiError:
    """The flood limit: the whole bot must be quiet for `retry_after` seconds."""
    return BotApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
