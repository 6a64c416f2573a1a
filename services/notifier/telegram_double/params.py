"""Parameters of a Bot API call: query string, form, multipart or JSON, all alike to the methods."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from telegram_double.errors import bad_request

_TRUE = {"true", "1", "yes"}


class Params:
    """Typed access to the parameters of one call; a value of the wrong kind is Telegram's 400."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def text(self, name: str, default: str = "") -> str:
        """The value as text."""
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The value as a whole number."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"invalid {name} specified") from None

    def boolean(self, name: str) -> bool:
        """The value as a flag; absent is false."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else str(value).lower() in _TRUE

    def parsed(self, name: str) -> Any:
        """A structured value: JSON text in forms, plain JSON in JSON bodies; None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None

    def chat_id(self) -> int:
        """The addressed chat; a name that is no number can't be a private chat."""
        value = self.values.get("chat_id")
        if value is None or value == "":
            raise bad_request("chat_id is empty")
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request("chat not found") from None


async def read_params(request: web.Request) -> Params:
    """All parameters of a request; those of the body win over the query string."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        values |= await _json_object(request)
    elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.post()
        values |= {
            name: f"attach://{value.filename}" if isinstance(value, web.FileField) else value
            for name, value in form.items()
        }
    return Params(values)


async def _json_object(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("expected an Object")
    return body
