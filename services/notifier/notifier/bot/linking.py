"""/start: a chat becomes somebody's, or hears how it can."""

from __future__ import annotations

from typing import Final

from chassis.clock import Clock
from chassis.db import Database
from notifier.bot.gateway import Gateway, GatewayAway, NoAccount
from notifier.commands.link_telegram import Linking, check_token, link_chat
from notifier.db import chats
from notifier.domain.delivery import Reason

_WORDS: Final = {
    Linking.LINKED: "bot-linked",
    Linking.UNKNOWN: "bot-link-unknown",
    Linking.USED: "bot-link-used",
    Linking.EXPIRED: "bot-link-expired",
    Linking.FOREIGN: "bot-link-foreign",
}


class LinkingDesk:
    """Answers /start; each method returns the key of the text to say."""

    def __init__(self, database: Database, gateway: Gateway, clock: Clock) -> None:
        self._database = database
        self._gateway = gateway
        self._clock = clock

    async def greet(self, chat_id: int) -> str:
        """For a /start without a token."""
        async with self._database.transaction() as tx:
            user_id = await chats.user_of(tx, chat_id)
        return "bot-welcome" if user_id is None else "bot-welcome-back"

    async def link(self, chat_id: int, token: str) -> str:
        """Links the private chat when the token is good and CarPass says that this Telegram account is its user's."""
        async with self._database.transaction() as tx:
            refusal = await check_token(tx, token, now=self._clock())
        if refusal is not None:
            return _WORDS[refusal]
        try:
            signed_in = await self._gateway.sign_in(chat_id)
        except NoAccount:
            return _WORDS[Linking.FOREIGN]
        except GatewayAway:
            return "bot-try-again"
        async with self._database.transaction() as tx:
            linking = await link_chat(tx, token, chat_id=chat_id, account=signed_in.user_id, now=self._clock())
        return _WORDS[linking]

    async def locale(self, chat_id: int, language: str) -> str:
        """The language of the chat's user; `language` for a stranger, or when CarPass has not heard of one yet."""
        async with self._database.transaction() as tx:
            return await chats.locale_of(tx, chat_id) or language

    async def shut_out(self, chat_id: int) -> None:
        """The reader has blocked the bot."""
        async with self._database.transaction() as tx:
            user_id = await chats.user_of(tx, chat_id)
            if user_id is not None:
                await chats.disable(tx, user_id, chat_id, Reason.BLOCKED, now=self._clock())

    async def let_in(self, chat_id: int) -> None:
        """The reader has unblocked the bot."""
        async with self._database.transaction() as tx:
            user_id = await chats.user_of(tx, chat_id)
            if user_id is not None:
                await chats.enable(tx, user_id)
