"""Two transactions at once: whoever comes second waits for the first, and then sees what it did."""

import asyncio
from collections.abc import Awaitable

from chassis.consuming import Received
from chassis.ids import new_id
from contracts.sto import CenterVerificationChanged
from contracts.workorders import WorkOrderCompleted
from notifier.commands.announce import announce
from notifier.commands.erase_users import erase_users
from notifier.commands.link_telegram import unlink
from notifier.db import chats
from notifier.events import announcement_of
from notifier.telegram.poller import Poller
from tests.service.notifier.conftest import CHAT, NOW, OWNER, Notifier
from tests.service.notifier.test_center_news import APPROVED, FOUNDER, joined
from tests.support.eventually import eventually
from tests.support.golden import golden

COMPLETED = golden(WorkOrderCompleted, "brakes")


async def somebody_waits_for_a_lock(notifier: Notifier) -> bool:
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = current_database()"
    )
    return bool(await notifier.value(waiting))


async def started(notifier: Notifier, work: Awaitable[object]) -> asyncio.Future[object]:
    """The work, begun and stopped by a lock."""
    task = asyncio.ensure_future(work)
    await eventually(lambda: somebody_waits_for_a_lock(notifier))
    return task


async def test_news_that_arrives_while_its_reader_is_erased_keeps_nothing_of_him(notifier: Notifier) -> None:
    await notifier.link()
    async with notifier.worker.transaction() as tx:
        await chats.lock_link(tx, OWNER)
        news = await started(notifier, notifier.receive(COMPLETED))
        await erase_users(tx, {OWNER: 9}, now=NOW)
    await news

    assert await notifier.rows("SELECT template, params FROM notification") == [("work-order-completed", None)]
    assert (await notifier.attempt()).reason == "erased"


async def test_news_that_arrives_while_the_chat_is_unlinked_is_not_queued_for_ever(notifier: Notifier) -> None:
    await notifier.link()
    async with notifier.worker.transaction() as tx:
        await chats.lock_link(tx, OWNER)
        news = await started(notifier, notifier.receive(COMPLETED))
        await unlink(tx, OWNER, expected_version=1, now=NOW)
    await news

    attempt = await notifier.attempt()
    assert (attempt.state, attempt.reason) == ("suppressed", "no_chat")


async def test_an_owner_who_becomes_known_while_news_is_stored_is_told(notifier: Notifier) -> None:
    received: Received[CenterVerificationChanged] = Received(APPROVED, new_id(), NOW, "sto.center", 0, 0, None)
    async with notifier.worker.transaction() as tx:
        await announce(tx, [announcement_of(received)], now=NOW)
        staff = await started(notifier, notifier.receive(joined(FOUNDER, "owner", 0)))
    await staff

    assert await notifier.rows("SELECT user_id FROM notification") == [(FOUNDER,)]


async def test_one_worker_polls_and_another_takes_over_when_it_ends(notifier: Notifier) -> None:
    await notifier.meet()
    handling_stop = asyncio.Event()
    handling = asyncio.create_task(notifier.updates.run(handling_stop))
    first, first_stop = polling(notifier)
    await eventually(lambda: notifier.calls("deleteWebhook") == 1)
    second, second_stop = polling(notifier)
    await notifier.control("updates/message", user={"id": CHAT}, text="/help")
    await eventually(lambda: len(notifier.texts()) == 1)
    assert notifier.calls("deleteWebhook") == 1, "the second one stands by"

    first_stop.set()
    await eventually(lambda: notifier.calls("deleteWebhook") == 2)
    await notifier.control("updates/message", user={"id": CHAT}, text="/start")
    await eventually(lambda: len(notifier.texts()) == 2)

    second_stop.set()
    handling_stop.set()
    await asyncio.wait_for(asyncio.gather(first, second, handling), 60)


def polling(notifier: Notifier) -> tuple[asyncio.Task[None], asyncio.Event]:
    stop = asyncio.Event()
    poller = Poller(notifier.worker, notifier.urls.worker_url, notifier.bot, notifier.clock, poll=1)
    return asyncio.create_task(poller.run(stop)), stop
