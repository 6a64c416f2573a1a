"""What becomes of a message, whatever Telegram does."""

import asyncio
import socket
from datetime import timedelta

import pytest
import structlog
from aiogram.client.telegram import TelegramAPIServer

from chassis.logs import _with_trace_id
from contracts.workorders import EstimateSent, WorkOrderCompleted
from tests.service.notifier.conftest import CHAT, NOW, OWNER, Notifier
from tests.support.eventually import eventually
from tests.support.golden import golden
from tests.support.people import Person

COMPLETED = golden(WorkOrderCompleted, "brakes")
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_a_completed_order_is_told_to_its_owner_once(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")

    assert await notifier.delivery.deliver_next() == 1

    (words,) = notifier.texts()
    assert words.startswith(
        "Lada 21099 · К482МН66: работы завершены\n\nСТО «Уральский мотор» завершил заказ-наряд № 118."
    )
    attempt = await notifier.attempt()
    assert (attempt.state, attempt.message_id, attempt.trace_id) == ("sent", 1, TRACE)
    assert await notifier.delivery.deliver_next() == 0


async def test_the_log_tells_of_the_message_in_the_trace_of_its_event_and_names_neither_chat_nor_token(
    notifier: Notifier,
) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED, traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    await notifier.fault("429", retry_after=1)
    with structlog.testing.capture_logs(processors=[_with_trace_id]) as lines:
        await notifier.delivery.deliver_next()
        notifier.clock.advance(timedelta(seconds=2))
        await notifier.delivery.deliver_next()
        await notifier.write("/help")

    (sent,) = [line for line in lines if line["event"] == "telegram message sent"]
    assert sent["trace_id"] == TRACE
    assert [line for line in lines if str(CHAT) in str(line) or "AAtest" in str(line)] == []


async def test_replaying_the_event_with_an_empty_inbox_changes_nothing(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    await notifier.delivery.deliver_next()
    before = await notifier.checksums()

    notifier.clock.advance(timedelta(days=40))
    await notifier.receive_everything_again_with_an_empty_inbox()

    assert await notifier.checksums() == before
    assert await notifier.delivery.deliver_next() == 0
    assert len(notifier.texts()) == 1


async def test_a_reader_without_a_chat_finds_it_in_the_inbox_and_linking_later_sends_nothing_old(
    notifier: Notifier,
) -> None:
    await notifier.receive(COMPLETED)
    await notifier.link()

    assert await notifier.delivery.deliver_next() == 0
    (entry,) = (await notifier.get("/v1/notifications"))["data"]
    assert entry["delivery"]["state"] == "suppressed"
    assert entry["delivery"]["reason"] == "no_chat"
    assert notifier.texts() == []


async def test_too_many_requests_silence_the_bot_for_every_worker_and_the_message_goes_later(
    notifier: Notifier,
) -> None:
    await notifier.link()
    await notifier.link(Person().user_id, chat_id=CHAT + 1)
    await notifier.receive(COMPLETED)
    await notifier.fault("429", retry_after=7)

    await notifier.delivery.deliver_next()

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason, attempt.due_at) == ("queued", "throttled", NOW + timedelta(seconds=7))
    assert await notifier.value("SELECT frozen_until FROM telegram_pace") == NOW + timedelta(seconds=7)
    other_user = await notifier.value("SELECT user_id FROM telegram_chat WHERE chat_id = :chat", chat=CHAT + 1)
    await notifier.receive(golden(WorkOrderCompleted, "brakes", owner_id=str(other_user)))
    assert await notifier.delivery.deliver_next() == 0, "nobody sends while the bot is frozen"

    notifier.clock.advance(timedelta(seconds=7))
    assert await notifier.delivery.deliver_next() == 2
    assert len(notifier.texts()) == len(notifier.texts(CHAT + 1)) == 1


async def test_a_reader_who_blocks_the_bot_gets_no_more_and_the_api_says_so(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED, golden(EstimateSent, "two-jobs"))
    await notifier.fault("403")

    await notifier.delivery.deliver_next()

    states = await notifier.rows("SELECT state, reason FROM delivery_attempt ORDER BY priority")
    assert states == [("failed", "blocked"), ("suppressed", "chat_disabled")]
    link = await notifier.get("/v1/telegram/link")
    assert (link["state"], link["disabled_reason"]) == ("disabled", "blocked")
    await notifier.receive(golden(WorkOrderCompleted, "odometer-unreadable"))
    assert await notifier.value("SELECT count(*) FROM delivery_attempt WHERE reason = 'chat_disabled'") == 2
    assert await notifier.delivery.deliver_next() == 0


@pytest.mark.parametrize("kind", ["500", "502"])
async def test_a_failing_telegram_is_asked_again_after_a_growing_pause(notifier: Notifier, kind: str) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    await notifier.fault(kind, times=2)

    for pause in (1, 2):
        assert await notifier.delivery.deliver_next() == 1
        attempt = await notifier.attempt()
        assert (attempt.state, attempt.reason) == ("queued", "channel_error")
        assert attempt.due_at == notifier.clock() + timedelta(seconds=pause)
        assert await notifier.delivery.deliver_next() == 0
        notifier.clock.advance(timedelta(seconds=pause))

    await notifier.delivery.deliver_next()
    assert (await notifier.attempt()).state == "sent"
    assert len(notifier.texts()) == 1


async def test_an_unreachable_telegram_costs_nothing_but_time(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    right, notifier.bot.session.api = notifier.bot.session.api, _api_at_a_closed_port()

    await notifier.delivery.deliver_next()

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("queued", "unreachable")
    notifier.bot.session.api = right
    notifier.clock.advance(timedelta(seconds=1))
    await notifier.delivery.deliver_next()
    assert (await notifier.attempt()).state == "sent"
    assert len(notifier.texts()) == 1


@pytest.mark.parametrize("kind", ["timeout_after_accept", "connection_reset"])
async def test_without_an_answer_a_message_is_uncertain_and_never_sent_again(notifier: Notifier, kind: str) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    await notifier.fault(kind)

    await notifier.delivery.deliver_next()

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("uncertain", "no_answer")
    notifier.clock.advance(timedelta(days=2))
    assert await notifier.delivery.deliver_next() == 0
    assert await notifier.delivery.abandon_lost() == 0
    assert notifier.calls("sendMessage") == 1
    (entry,) = (await notifier.get("/v1/notifications"))["data"]
    assert entry["delivery"]["state"] == "uncertain"


async def test_telegram_that_never_answers_leaves_a_message_uncertain(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    await notifier.fault("timeout_after_accept", hold_seconds=60)
    notifier.bot.session.timeout = 2

    await notifier.delivery.deliver_next()

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("uncertain", "no_answer")


async def test_a_worker_lost_between_its_note_and_the_call_leaves_the_message_uncertain(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(golden(EstimateSent, "two-jobs"))
    claimed, _ = await notifier.delivery._take_up(10)
    assert len(claimed) == 1
    assert (await notifier.attempt()).state == "sending"

    assert await notifier.delivery.abandon_lost() == 0, "its lease is not over"
    assert await notifier.delivery.deliver_next() == 0
    notifier.clock.advance(timedelta(seconds=notifier.settings.sending_lease + 1))
    assert await notifier.delivery.abandon_lost() == 1

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("uncertain", "interrupted")
    assert await notifier.delivery.deliver_next() == 0
    assert notifier.calls("sendMessage") == 0


async def test_an_answer_that_comes_after_the_lease_still_counts(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    (claimed,), contents = await notifier.delivery._take_up(10)
    notifier.clock.advance(timedelta(seconds=notifier.settings.sending_lease + 1))
    await notifier.delivery.abandon_lost()

    await notifier.delivery._deliver(claimed, contents[claimed.notification_id])

    assert (await notifier.attempt()).state == "sent"


async def test_a_message_that_telegram_refuses_has_failed(notifier: Notifier) -> None:
    await notifier.link()
    notifier.telegram.double.store.reset()  # "chat not found"
    await notifier.receive(COMPLETED)

    await notifier.delivery.deliver_next()

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("failed", "refused")


async def test_a_message_is_given_up_after_a_day(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    notifier.clock.advance(timedelta(hours=24))
    await notifier.fault("500")

    await notifier.delivery.deliver_next()

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("failed", "gave_up")


async def test_decisions_leave_before_facts_and_a_chat_gets_one_message_a_second(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED, golden(EstimateSent, "two-jobs"))

    assert await notifier.delivery.deliver_next() == 1
    assert "предлагает 2 работы" in notifier.texts()[0]
    assert await notifier.delivery.deliver_next() == 0
    notifier.clock.advance(timedelta(seconds=1, milliseconds=1))
    assert await notifier.delivery.deliver_next() == 1


async def test_workers_share_the_messages_and_the_pace_without_sending_any_twice(notifier: Notifier) -> None:
    people = [Person().user_id for _ in range(24)]
    for place, user_id in enumerate(people):
        await notifier.link(user_id, chat_id=CHAT + place)
    await notifier.receive(*(golden(WorkOrderCompleted, "brakes", owner_id=str(user_id)) for user_id in people))

    counts = await asyncio.gather(*(notifier.delivery.deliver_next() for _ in range(6)))

    assert sum(counts) == 24
    assert [len(notifier.texts(CHAT + place)) for place in range(24)] == [1] * 24
    slots = await notifier.value("SELECT next_slot_at FROM telegram_pace")
    assert slots == NOW + 24 * (timedelta(seconds=1) / 30)


async def test_no_more_than_thirty_messages_a_second_are_taken_up(notifier: Notifier) -> None:
    people = [Person().user_id for _ in range(35)]
    for place, user_id in enumerate(people):
        await notifier.link(user_id, chat_id=CHAT + place)
    await notifier.receive(*(golden(WorkOrderCompleted, "brakes", owner_id=str(user_id)) for user_id in people))

    taken = [len((await notifier.delivery._take_up(30))[0]) for _ in range(5)]

    assert taken == [10, 10, 10, 0, 0]


async def test_the_loop_delivers_what_arrives_and_ends_when_told(notifier: Notifier) -> None:
    await notifier.link()
    stop = asyncio.Event()
    running = asyncio.create_task(notifier.delivery.run(stop))
    await notifier.receive(COMPLETED)

    await eventually(notifier.texts)
    stop.set()
    await asyncio.wait_for(running, 60)

    assert (await notifier.attempt()).state == "sent"


async def test_a_chat_that_is_unlinked_while_messages_wait_gets_none_of_them(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    person = Person(OWNER)

    answer = await notifier.client.delete("/v1/telegram/link", headers=person.acting(version=1))

    assert answer.status_code == 204
    assert await notifier.delivery.deliver_next() == 0
    assert (await notifier.attempt()).reason == "unlinked"


async def test_a_message_that_must_wait_is_dropped_when_its_chat_goes_meanwhile(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(COMPLETED)
    (claimed,), contents = await notifier.delivery._take_up(10)
    await notifier.client.delete("/v1/telegram/link", headers=Person(OWNER).acting(version=1))
    await notifier.fault("500")

    await notifier.delivery._deliver(claimed, contents[claimed.notification_id])

    assert (await notifier.attempt()).state == "suppressed"


def _api_at_a_closed_port() -> TelegramAPIServer:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return TelegramAPIServer.from_base(f"http://127.0.0.1:{closed.getsockname()[1]}")
