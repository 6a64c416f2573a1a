"""A Telegram chat becomes a user's by a one-time token."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.workorders import WorkOrderCompleted
from tests.service.notifier.conftest import CHAT, OWNER, Notifier
from tests.support.golden import golden
from tests.support.people import Person

PERSON = Person(OWNER)


async def ask_for_link(notifier: Notifier, person: Person = PERSON) -> str:
    """The token in the deep link."""
    answer = await notifier.client.post("/v1/telegram/link", headers=person.acting())
    assert answer.status_code == 201, answer.text
    address, _, token = answer.json()["deep_link"].partition("?start=")
    assert address == "https://t.me/carpass_bot"
    return str(token)


async def state(notifier: Notifier, user_id: UUID = OWNER) -> Any:
    return await notifier.get("/v1/telegram/link", user_id)


async def test_a_deep_link_connects_the_chat_of_its_user(notifier: Notifier) -> None:
    notifier.gateway.accounts[CHAT] = OWNER
    assert (await state(notifier))["state"] == "unlinked"
    token = await ask_for_link(notifier)
    pending = await state(notifier)
    assert (pending["state"], pending["pending_until"]) == ("unlinked", "2026-03-14T10:10:00Z")

    await notifier.write(f"/start {token}")

    assert notifier.texts() == [
        "Done: this chat is connected to your CarPass account. You will get estimates and news here."
    ]
    linked = await state(notifier)
    assert (linked["state"], linked["pending_until"]) == ("linked", None)
    await notifier.receive(golden(WorkOrderCompleted, "brakes"))
    assert await notifier.delivery.deliver_next() == 1


async def test_the_token_is_stored_nowhere(notifier: Notifier) -> None:
    token = await ask_for_link(notifier)
    tokens = await notifier.rows("SELECT t::text AS stored FROM telegram_link_token t")
    answers = await notifier.rows("SELECT convert_from(body, 'UTF8') AS stored FROM idempotency_key")
    assert [token in row.stored for row in (*tokens, *answers)] == [False, False]


async def test_repeating_the_request_tells_no_token_again(notifier: Notifier) -> None:
    headers = PERSON.acting(key="once")
    first = await notifier.client.post("/v1/telegram/link", headers=headers)
    again = await notifier.client.post("/v1/telegram/link", headers=headers)
    assert first.json()["deep_link"] is not None
    assert (again.status_code, again.json()["deep_link"]) == (201, None)


async def test_a_token_works_once(notifier: Notifier) -> None:
    notifier.gateway.accounts[CHAT] = OWNER
    await notifier.meet()
    token = await ask_for_link(notifier)
    await notifier.write(f"/start {token}")
    await notifier.write(f"/start {token}")
    assert notifier.texts()[-1].startswith("Эта ссылка уже использована")


async def test_a_token_lasts_ten_minutes(notifier: Notifier) -> None:
    notifier.gateway.accounts[CHAT] = OWNER
    await notifier.meet()
    token = await ask_for_link(notifier)
    notifier.clock.advance(timedelta(minutes=10))
    await notifier.write(f"/start {token}")
    assert notifier.texts() == ["Эта ссылка старше десяти минут. Получите новую в настройках CarPass."]
    assert (await state(notifier))["state"] == "unlinked"


async def test_a_newer_token_makes_the_older_one_void(notifier: Notifier) -> None:
    notifier.gateway.accounts[CHAT] = OWNER
    await notifier.meet()
    older = await ask_for_link(notifier)
    newer = await ask_for_link(notifier)
    await notifier.write(f"/start {older}")
    await notifier.write(f"/start {newer}")
    assert [words.split()[0] for words in notifier.texts()] == ["Эта", "Готово:"]


@pytest.mark.parametrize("account", [None, Person().user_id], ids=["no account", "another account"])
async def test_a_token_in_somebody_else_s_telegram_links_nothing_and_stays_good_for_its_owner(
    notifier: Notifier, account: UUID | None
) -> None:
    if account is not None:
        notifier.gateway.accounts[CHAT + 1] = account
    notifier.gateway.accounts[CHAT] = OWNER
    await notifier.meet(CHAT + 1)
    token = await ask_for_link(notifier)

    await notifier.write(f"/start {token}", chat_id=CHAT + 1)

    assert notifier.texts(CHAT + 1)[0].startswith("Эта ссылка принадлежит другому аккаунту CarPass")
    assert await notifier.value("SELECT count(*) FROM telegram_chat") == 0
    await notifier.write(f"/start {token}")
    assert (await state(notifier))["state"] == "linked"


async def test_while_carpass_is_away_the_token_is_not_spent(notifier: Notifier) -> None:
    notifier.gateway.accounts[CHAT] = OWNER
    await notifier.meet()
    token = await ask_for_link(notifier)
    notifier.gateway.away = True
    await notifier.write(f"/start {token}")
    assert notifier.texts() == ["CarPass сейчас не отвечает. Попробуйте ещё раз через минуту."]

    notifier.gateway.away = False
    await notifier.write(f"/start {token}")
    assert (await state(notifier))["state"] == "linked"


async def test_a_chat_moves_with_its_telegram_account(notifier: Notifier) -> None:
    await notifier.link()
    newcomer = Person()
    notifier.gateway.accounts[CHAT] = newcomer.user_id
    token = await ask_for_link(notifier, newcomer)

    await notifier.write(f"/start {token}")

    assert (await state(notifier, newcomer.user_id))["state"] == "linked"
    assert (await state(notifier))["state"] == "unlinked"


async def test_unlinking_needs_the_version_that_was_read(notifier: Notifier) -> None:
    await notifier.link()
    missing = await notifier.client.delete("/v1/telegram/link", headers=PERSON.acting())
    stale = await notifier.client.delete("/v1/telegram/link", headers=PERSON.acting(version=7))
    seen = await notifier.client.get("/v1/telegram/link", headers=PERSON.headers)
    removed = await notifier.client.delete(
        "/v1/telegram/link", headers={**PERSON.headers, "If-Match": seen.headers["ETag"]}
    )
    assert [answer.status_code for answer in (missing, stale, removed)] == [428, 412, 204]
    assert (await state(notifier))["state"] == "unlinked"


async def test_blocking_and_unblocking_the_bot_disables_and_enables_the_chat(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.control("updates/block", chat_id=CHAT, blocked=True)
    await notifier.hear()
    assert (await state(notifier))["state"] == "disabled"

    await notifier.control("updates/block", chat_id=CHAT, blocked=False)
    await notifier.hear()
    assert (await state(notifier))["state"] == "linked"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("/start", "Добро пожаловать"),
        ("/help", "Я бот CarPass"),
        ("What?", "Не понимаю"),
        ("/start nonsense", "Эта ссылка"),
    ],
)
async def test_a_stranger_gets_an_answer_in_his_language(notifier: Notifier, words: str, answer: str) -> None:
    await notifier.meet()
    await notifier.write(words)
    (said,) = notifier.texts()
    assert said.startswith(answer)


async def test_the_bot_greets_whom_it_knows(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.write("/start")
    assert notifier.texts()[0].startswith("Этот чат подключён")
