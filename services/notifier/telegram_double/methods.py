"""The methods of the Bot API that the double knows, with Telegram's checks and answers."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from telegram_double.errors import BotApiError, bad_request, blocked_by_user, chat_not_found
from telegram_double.formatting import FormattedText, format_text
from telegram_double.keyboard import checked_markup, inline_only
from telegram_double.params import Params
from telegram_double.store import Chat, Json, Store
from telegram_double.updates import POLL_LIMIT, Updates

LONGEST_POLL = 50  # seconds, as at Telegram
ANSWER_LIMIT = 200
COMMANDS_LIMIT = 100
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_CHAT_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}

type Method = Callable[[Params], Awaitable[Any]]


class BotApi:
    """One bot's methods over one store."""

    def __init__(self, store: Store, updates: Updates, *, bot_id: int, username: str) -> None:
        self._store = store
        self._updates = updates
        self.bot: Json = {"id": bot_id, "is_bot": True, "first_name": "CarPass", "username": username}
        table: list[Method] = [
            self.getMe,
            self.sendMessage,
            self.editMessageText,
            self.editMessageReplyMarkup,
            self.deleteMessage,
            self.answerCallbackQuery,
            self.sendChatAction,
            self.getChat,
            self.getUpdates,
            self.setWebhook,
            self.deleteWebhook,
            self.getWebhookInfo,
            self.setMyCommands,
            self.getMyCommands,
            self.deleteMyCommands,
        ]
        self._methods = {method.__name__.lower(): method for method in table}

    def method(self, name: str) -> Method | None:
        """The method by its name, in any case."""
        return self._methods.get(name.lower())

    async def call(self, name: str, values: Json) -> None:
        """A method call that came as the answer to a webhook: nobody hears of its failure."""
        method = self.method(name)
        if method is not None:
            try:
                await method(Params(values))
            except BotApiError:
                return

    def _reachable(self, params: Params) -> Chat:
        chat = self._store.chat(params.chat_id())
        if chat is None:
            raise chat_not_found()
        if chat.blocked:
            raise blocked_by_user()
        return chat

    def _editable(self, params: Params) -> tuple[Chat, Json]:
        chat = self._store.chat(params.chat_id())
        if chat is None:
            raise chat_not_found()
        message = self._store.message(chat.id, params.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message["from"]["id"] != self.bot["id"]:
            raise bad_request("message can't be edited")
        return chat, message

    def _save_edit(self, chat: Chat, message: Json, edited: Json) -> Json:
        if edited == message:
            raise bad_request(
                "message is not modified: specified new message content and reply markup "
                "are exactly the same as a current content and reply markup of the message"
            )
        edited["edit_date"] = int(time.time())
        self._store.replace_message(chat.id, edited)
        return edited

    async def getMe(self, _params: Params) -> Json:  # noqa: N802 -- Telegram's name, as are those below
        """The bot itself."""
        return self.bot | {
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    async def sendMessage(self, params: Params) -> Json:  # noqa: N802
        """A text message to a chat that knows the bot."""
        chat = self._reachable(params)
        formatted = _formatted(params)
        markup = checked_markup(params.parsed("reply_markup"))
        message: Json = {"from": self.bot, "chat": chat.as_telegram(), "date": int(time.time())}
        message |= _content(formatted)
        replied_to = (params.parsed("reply_parameters") or {}).get("message_id")
        if replied_to is not None:
            original = self._store.message(chat.id, int(replied_to))
            if original is None:
                raise bad_request("message to be replied not found")
            message["reply_to_message"] = {k: v for k, v in original.items() if k != "reply_to_message"}
        if markup and markup.get("inline_keyboard"):
            message["reply_markup"] = markup
        reply_keyboard = markup if markup and "inline_keyboard" not in markup else None
        return self._store.add_message(chat.id, message, reply_keyboard)

    async def editMessageText(self, params: Params) -> Json:  # noqa: N802
        """New text; the inline keyboard goes unless given again."""
        chat, message = self._editable(params)
        markup = inline_only(params.parsed("reply_markup"))
        kept = {k: v for k, v in message.items() if k not in {"text", "entities", "reply_markup"}}
        edited = kept | _content(_formatted(params)) | ({"reply_markup": markup} if markup else {})
        return self._save_edit(chat, message, edited)

    async def editMessageReplyMarkup(self, params: Params) -> Json:  # noqa: N802
        """A new inline keyboard, or none."""
        chat, message = self._editable(params)
        markup = inline_only(params.parsed("reply_markup"))
        kept = {k: v for k, v in message.items() if k != "reply_markup"}
        return self._save_edit(chat, message, kept | ({"reply_markup": markup} if markup else {}))

    async def deleteMessage(self, params: Params) -> bool:  # noqa: N802
        """Remove a message of the chat."""
        chat = self._store.chat(params.chat_id())
        if chat is None:
            raise chat_not_found()
        if not self._store.delete_message(chat.id, params.integer("message_id")):
            raise bad_request("message to delete not found")
        return True

    async def answerCallbackQuery(self, params: Params) -> bool:  # noqa: N802
        """The notice under a pressed button."""
        text = params.text("text")
        if len(text) > ANSWER_LIMIT:
            raise bad_request("MESSAGE_TOO_LONG")
        answer = {"text": text, "show_alert": params.boolean("show_alert"), "url": params.text("url")}
        if not self._store.answer_press(params.text("callback_query_id"), answer):
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return True

    async def sendChatAction(self, params: Params) -> bool:  # noqa: N802
        """A "typing…" notice: checked, shown nowhere."""
        self._reachable(params)
        if params.text("action") not in _CHAT_ACTIONS:
            raise bad_request("wrong parameter action in request")
        return True

    async def getChat(self, params: Params) -> Json:  # noqa: N802
        """A private chat in full."""
        chat = self._store.chat(params.chat_id())
        if chat is None:
            raise chat_not_found()
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        return chat.as_telegram() | {
            "accent_color_id": chat.id % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, True),
        }

    async def getUpdates(self, params: Params) -> list[Json]:  # noqa: N802
        """Long polling; an offset confirms everything below it."""
        allowed = params.parsed("allowed_updates")
        if allowed is not None:
            self._store.save_setting("allowed_updates", allowed)
        limit = min(max(params.integer("limit", POLL_LIMIT), 1), POLL_LIMIT)
        seconds = min(max(params.integer("timeout"), 0), LONGEST_POLL)
        return await self._updates.poll(params.integer("offset"), limit, seconds)

    async def setWebhook(self, params: Params) -> bool:  # noqa: N802
        """Deliver by POST from now on; an empty URL goes back to polling. Plain HTTP is allowed here."""
        url, secret = params.text("url"), params.text("secret_token")
        if not url:
            return await self.deleteWebhook(params)
        if not url.startswith(("http://", "https://")):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        allowed = params.parsed("allowed_updates")
        if allowed is not None:
            self._store.save_setting("allowed_updates", allowed)
        if params.boolean("drop_pending_updates"):
            self._store.drop_updates()
        connections = params.integer("max_connections", 40)
        self._store.save_setting("webhook_error", None)
        self._store.save_setting("webhook", {"url": url, "secret_token": secret, "max_connections": connections})
        self._updates.wake()
        return True

    async def deleteWebhook(self, params: Params) -> bool:  # noqa: N802
        """Back to polling."""
        if params.boolean("drop_pending_updates"):
            self._store.drop_updates()
        self._store.save_setting("webhook", None)
        self._store.save_setting("webhook_error", None)
        self._updates.wake()
        return True

    async def getWebhookInfo(self, _params: Params) -> Json:  # noqa: N802
        """Where updates go, how many wait, and the last failure."""
        webhook: Json = self._store.setting("webhook", {})
        error: Json = self._store.setting("webhook_error", {})
        info: Json = {
            "url": webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": self._store.pending_updates(),
        }
        if webhook:
            info |= {"max_connections": webhook["max_connections"], "ip_address": "127.0.0.1"}
        allowed = self._store.setting("allowed_updates")
        return info | ({"allowed_updates": allowed} if allowed else {}) | error

    async def setMyCommands(self, params: Params) -> bool:  # noqa: N802
        """The command menu, for a scope and a language."""
        commands = params.parsed("commands")
        if not isinstance(commands, list) or len(commands) > COMMANDS_LIMIT:
            raise bad_request("BOT_COMMANDS_INVALID")
        for command in commands:
            if not isinstance(command, dict) or not _COMMAND.fullmatch(str(command.get("command", ""))):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:  # noqa: PLR2004 -- Telegram's limit
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self._store.save_setting(_commands_key(params), commands)
        return True

    async def getMyCommands(self, params: Params) -> list[Json]:  # noqa: N802
        """The command menu set for exactly this scope and language."""
        return list(self._store.setting(_commands_key(params), []))

    async def deleteMyCommands(self, params: Params) -> bool:  # noqa: N802
        """Remove the menu of this scope and language."""
        self._store.save_setting(_commands_key(params), None)
        return True


def _formatted(params: Params) -> FormattedText:
    return format_text(params.text("text"), params.text("parse_mode"), params.parsed("entities"))


def _content(formatted: FormattedText) -> Json:
    return {"text": formatted.text} | ({"entities": formatted.entities} if formatted.entities else {})


def _commands_key(params: Params) -> str:
    scope = (params.parsed("scope") or {}).get("type", "default")
    return f"commands:{scope}:{params.text('language_code')}"
