"""Reply markup, checked as Telegram checks it."""

from typing import Any

from telegram_double.errors import bad_request

CALLBACK_DATA_LIMIT = 64  # bytes
BUTTON_LIMIT = 100
_ACTIONS = {
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "copy_text",
}
_LINK_SCHEMES = ("http://", "https://", "tg://")


def checked_markup(markup: Any) -> dict[str, Any] | None:
    """The markup, or Telegram's 400; None when there is none."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        return {"inline_keyboard": _inline_rows(markup["inline_keyboard"])}
    if "keyboard" in markup:
        _rows(markup["keyboard"])
        return markup
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return markup
    return None


def inline_only(markup: Any) -> dict[str, Any] | None:
    """The markup an edit may set: an inline keyboard or none; an empty one counts as none."""
    checked = checked_markup(markup)
    if checked is not None and "inline_keyboard" not in checked:
        raise bad_request("inline keyboard expected")
    return checked if checked and checked["inline_keyboard"] else None


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Every inline button of a message, row by row."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _rows(keyboard: Any) -> list[list[Any]]:
    if not isinstance(keyboard, list) or not all(isinstance(row, list) for row in keyboard):
        raise bad_request('field "keyboard" must be of type Array of Arrays')
    if sum(len(row) for row in keyboard) > BUTTON_LIMIT:
        raise bad_request("reply markup is too long")
    return keyboard


def _inline_rows(keyboard: Any) -> list[list[dict[str, Any]]]:
    return [[_inline_button(button) for button in row] for row in _rows(keyboard) if row]


def _inline_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not str(button.get("text") or "").strip():
        raise bad_request("can't parse inline keyboard button: Button text must be non-empty")
    actions = [name for name in _ACTIONS if button.get(name) is not None]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not str(url).startswith(_LINK_SCHEMES):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return {name: value for name, value in button.items() if value is not None}
