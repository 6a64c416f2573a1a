"""aiogram, unmodified, against the double: the names, shapes and refusals of the real Bot API."""

import asyncio

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from telegram_double.server import RunningDouble
from tests.unit.telegram_double.conftest import TOKEN, Control


def keyboard(*data: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=each.title(), callback_data=each) for each in data]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def test_bot_learns_who_it_is(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.username) == (700100, True, "carpass_bot")


async def test_message_reaches_a_user_who_wrote_first(bot: Bot, anna: int, control: Control) -> None:
    sent = await bot.send_message(anna, "Hello", reply_markup=keyboard("yes", "no"))
    assert sent.text == "Hello"
    shown = (await control("GET", f"messages?chat_id={anna}"))["messages"]
    assert [message["text"] for message in shown] == ["/start", "Hello"]
    assert shown[1]["reply_markup"]["inline_keyboard"][0][1]["callback_data"] == "no"


async def test_message_to_a_stranger_is_chat_not_found(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(404, "Hello")


async def test_message_to_a_user_who_stopped_the_bot_is_forbidden(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "updates/block", {"chat_id": anna})
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(anna, "Hello")


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "message text is empty"),
        ("  \n ", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
    ],
)
async def test_text_outside_the_limits_is_refused(bot: Bot, anna: int, text: str, refusal: str) -> None:
    with pytest.raises(TelegramBadRequest, match=refusal):
        await bot.send_message(anna, text)


async def test_longest_text_is_taken(bot: Bot, anna: int) -> None:
    sent = await bot.send_message(anna, "я" * 4096)
    assert sent.text == "я" * 4096


async def test_callback_data_over_64_bytes_is_refused(bot: Bot, anna: int) -> None:
    await bot.send_message(anna, "Fits", reply_markup=keyboard("я" * 32))
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(anna, "Too long", reply_markup=keyboard("я" * 33))


async def test_html_becomes_entities_in_utf16_units(bot: Bot, anna: int) -> None:
    sent = await bot.send_message(
        anna, "🚗 <b>Lada &lt;3</b> <a href='https://x.test'>open</a>", parse_mode=ParseMode.HTML
    )
    assert sent.text == "🚗 Lada <3 open"
    assert [(each.type, each.offset, each.length) for each in sent.entities or []] == [
        ("bold", 3, 7),
        ("text_link", 11, 4),
    ]


async def test_broken_html_is_refused_with_telegrams_words(bot: Bot, anna: int) -> None:
    with pytest.raises(TelegramBadRequest, match="can't parse entities: Unsupported start tag"):
        await bot.send_message(anna, "<h1>No</h1>", parse_mode=ParseMode.HTML)
    with pytest.raises(TelegramBadRequest, match="Can't find end tag"):
        await bot.send_message(anna, "<b>No", parse_mode=ParseMode.HTML)


async def test_edit_replaces_the_text_and_takes_the_buttons_off(bot: Bot, anna: int, control: Control) -> None:
    sent = await bot.send_message(anna, "Approve?", reply_markup=keyboard("yes"))
    await bot.edit_message_text("Approved", chat_id=anna, message_id=sent.message_id)
    (_, shown) = (await control("GET", f"messages?chat_id={anna}"))["messages"]
    assert shown["text"] == "Approved"
    assert "reply_markup" not in shown


async def test_edit_that_changes_nothing_is_refused(bot: Bot, anna: int) -> None:
    sent = await bot.send_message(anna, "Same", reply_markup=keyboard("yes"))
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("Same", chat_id=anna, message_id=sent.message_id, reply_markup=keyboard("yes"))
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_reply_markup(chat_id=anna, message_id=sent.message_id, reply_markup=keyboard("yes"))


async def test_only_the_bots_own_messages_can_be_edited(bot: Bot, anna: int) -> None:
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("Mine now", chat_id=anna, message_id=1)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("Nothing", chat_id=anna, message_id=999)


async def test_buttons_can_be_edited_alone(bot: Bot, anna: int) -> None:
    sent = await bot.send_message(anna, "Approve?", reply_markup=keyboard("yes"))
    edited = await bot.edit_message_reply_markup(chat_id=anna, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert edited.text == "Approve?"
    assert edited.reply_markup is None


async def test_deleted_message_is_gone(bot: Bot, anna: int) -> None:
    sent = await bot.send_message(anna, "Oops")
    assert await bot.delete_message(anna, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(anna, sent.message_id)


async def test_reply_carries_the_message_it_answers(bot: Bot, anna: int) -> None:
    sent = await bot.send_message(anna, "Welcome", reply_parameters=ReplyParameters(message_id=1))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/start"


async def test_press_becomes_a_callback_query_that_can_be_answered(bot: Bot, anna: int, control: Control) -> None:
    sent = await bot.send_message(anna, "Approve?", reply_markup=keyboard("yes", "no"))
    await control("POST", "updates/press", {"chat_id": anna, "button": "No"})
    (_, update) = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert query.message is not None
    assert (query.data, query.from_user.id, query.message.message_id) == ("no", anna, sent.message_id)
    assert await bot.answer_callback_query(query.id, "Declined")
    (press,) = (await control("GET", f"presses?chat_id={anna}"))["presses"]
    assert press["answer"]["text"] == "Declined"


async def test_answer_to_an_unknown_press_is_refused(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query("1", "Late")


async def test_chat_commands_and_actions_have_telegrams_shapes(bot: Bot, anna: int) -> None:
    assert (await bot.get_chat(anna)).first_name == "Anna"
    assert await bot.send_chat_action(anna, "typing")
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await bot.send_chat_action(anna, "dancing")
    assert await bot.set_my_commands([BotCommand(command="cars", description="My cars")])
    assert [each.command for each in await bot.get_my_commands()] == ["cars"]


async def test_offset_confirms_older_updates(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "updates/message", {"chat_id": anna, "text": "second"})
    first, second = await bot.get_updates()
    assert second.update_id == first.update_id + 1
    (left,) = await bot.get_updates(offset=second.update_id)
    assert left.message is not None
    assert left.message.text == "second"
    assert await bot.get_updates(offset=second.update_id + 1) == []


async def test_long_poll_ends_as_soon_as_something_happens(bot: Bot, control: Control) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await control("POST", "updates/message", {"user": {"id": 7, "first_name": "Boris"}, "text": "hi"})
    (update,) = await asyncio.wait_for(poll, 60)
    assert update.message is not None
    assert update.message.text == "hi"


async def test_second_poll_ends_the_first(bot: Bot, double: RunningDouble) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(double.url))
    async with Bot(TOKEN, session=session) as other:
        polls = [asyncio.create_task(each.get_updates(timeout=2)) for each in (bot, other)]
        outcomes = await asyncio.wait_for(asyncio.gather(*polls, return_exceptions=True), 60)
    (conflict,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert isinstance(conflict, TelegramConflictError)
    assert "terminated by other getUpdates request" in conflict.message


async def test_update_kinds_the_bot_did_not_ask_for_are_not_kept(bot: Bot, anna: int, control: Control) -> None:
    await bot.get_updates(offset=-1, allowed_updates=["callback_query"])
    await bot.get_updates(offset=10**9)
    await control("POST", "updates/message", {"chat_id": anna, "text": "unheard"})
    assert await bot.get_updates() == []


async def test_wrong_token_is_unauthorized(double: RunningDouble) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(double.url))
    async with Bot("700100:stolen", session=session) as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()


async def test_malformed_token_and_unknown_method_are_not_found(double: RunningDouble) -> None:
    async with aiohttp.ClientSession(double.url) as session:
        for path in ("/bothello/getMe", f"/bot{TOKEN}/getNothing"):
            async with session.get(path) as answer:
                assert (answer.status, (await answer.json())["error_code"]) == (404, 404)


async def test_methods_take_json_query_and_any_case(double: RunningDouble, anna: int) -> None:
    async with aiohttp.ClientSession(double.url) as session:
        body = {"chat_id": anna, "text": "json", "reply_markup": {"inline_keyboard": []}}
        async with session.post(f"/bot{TOKEN}/sendmessage", json=body) as answer:
            assert (await answer.json())["result"]["text"] == "json"
        query = {"chat_id": str(anna), "text": "query"}
        async with session.get(f"/bot{TOKEN}/sendMessage", params=query) as answer:
            assert (await answer.json())["result"]["text"] == "query"


async def test_scripted_429_says_when_to_come_back(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "faults", {"kind": "429", "retry_after": 3, "times": 1})
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(anna, "one")
    assert refused.value.retry_after == 3
    await bot.send_message(anna, "two")


async def test_scripted_fault_strikes_its_chat_and_method_only(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "updates/message", {"user": {"id": 7, "first_name": "Boris"}, "text": "/start"})
    await control("POST", "faults", {"method": "sendMessage", "chat_id": anna, "kind": "502", "times": None})
    await bot.send_message(7, "fine")
    await bot.get_chat(anna)
    for _ in range(2):
        with pytest.raises(TelegramServerError):
            await bot.send_message(anna, "lost")
    await control("DELETE", "faults")
    await bot.send_message(anna, "found")


async def test_timeout_after_accept_keeps_the_message(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "faults", {"kind": "timeout_after_accept", "hold_seconds": 0.05})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(anna, "Did it arrive?")
    shown = (await control("GET", f"messages?chat_id={anna}"))["messages"]
    assert shown[-1]["text"] == "Did it arrive?"
    (request,) = (await control("GET", "requests?method=sendMessage"))["requests"]
    assert (request["status"], request["fault"]) == (None, "timeout_after_accept")


async def test_connection_reset_loses_the_message(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "faults", {"kind": "connection_reset"})
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(anna, "Lost")
    shown = (await control("GET", f"messages?chat_id={anna}"))["messages"]
    assert [message["text"] for message in shown] == ["/start"]
