"""What the bot hears, and who answers: aiogram's routing table."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.filters import KICKED, MEMBER, ChatMemberUpdatedFilter, Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, User

from notifier.bot.deciding import DecisionDesk, Reaction
from notifier.bot.linking import LinkingDesk
from notifier.bot.talk import Talk
from notifier.telegram.buttons import Press
from notifier.texts.catalog import text


def make_router() -> Router:
    """A new router: aiogram ties each one to one dispatcher."""
    router = Router(name="carpass")
    private = F.chat.type == ChatType.PRIVATE
    router.message.register(start_with_token, private, CommandStart(deep_link=True))
    router.message.register(start, private, CommandStart())
    router.message.register(show_help, private, Command("help"))
    router.message.register(not_understood, private)
    router.message.register(private_only, CommandStart())
    router.callback_query.register(press, Press.filter(), F.message)
    router.callback_query.register(outdated_press)
    router.my_chat_member.register(blocked, private, ChatMemberUpdatedFilter(KICKED))
    router.my_chat_member.register(unblocked, private, ChatMemberUpdatedFilter(MEMBER))
    return router


async def start_with_token(message: Message, command: CommandObject, linking: LinkingDesk, talk: Talk) -> None:
    """/start with the token of a deep link."""
    key = await linking.link(message.chat.id, command.args or "")
    await talk.say(message.chat.id, text(await linking.locale(message.chat.id, _language(message.from_user)), key))


async def start(message: Message, linking: LinkingDesk, talk: Talk) -> None:
    """/start alone."""
    key = await linking.greet(message.chat.id)
    await talk.say(message.chat.id, text(await linking.locale(message.chat.id, _language(message.from_user)), key))


async def show_help(message: Message, linking: LinkingDesk, talk: Talk) -> None:
    """/help."""
    locale = await linking.locale(message.chat.id, _language(message.from_user))
    await talk.say(message.chat.id, text(locale, "bot-help"))


async def not_understood(message: Message, linking: LinkingDesk, talk: Talk) -> None:
    """Anything else in a private chat."""
    locale = await linking.locale(message.chat.id, _language(message.from_user))
    await talk.say(message.chat.id, text(locale, "bot-unknown"))


async def private_only(message: Message, talk: Talk) -> None:
    """/start in a group: a group belongs to nobody."""
    await talk.say(message.chat.id, text(_language(message.from_user), "bot-private-only"))


async def press(query: CallbackQuery, callback_data: Press, deciding: DecisionDesk, talk: Talk) -> None:
    """A press on one of our buttons: it is always answered."""
    reaction = Reaction("press-try-again")
    try:
        if query.message is not None:
            reaction = await deciding.press(
                callback_data, chat_id=query.message.chat.id, message_id=query.message.message_id
            )
    finally:
        await talk.answer_press(query.id, text(reaction.locale or _language(query.from_user), reaction.words))
    message = await deciding.message_after(reaction)
    if message is not None and query.message is not None:
        await talk.rewrite(query.message.chat.id, query.message.message_id, message)


async def outdated_press(query: CallbackQuery, talk: Talk) -> None:
    """A button of a version that nobody knows any more."""
    await talk.answer_press(query.id, text(_language(query.from_user), "press-out-of-date"))


async def blocked(event: ChatMemberUpdated, linking: LinkingDesk) -> None:
    """The user has stopped the bot."""
    await linking.shut_out(event.chat.id)


async def unblocked(event: ChatMemberUpdated, linking: LinkingDesk) -> None:
    """The user has started it again."""
    await linking.let_in(event.chat.id)


def _language(user: User | None) -> str:
    """Of somebody we know nothing else of."""
    return "ru" if user is not None and (user.language_code or "").startswith("ru") else "en"
