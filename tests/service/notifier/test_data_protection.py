"""Who can reach which row, what an erasure leaves, and what the logs say."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from chassis.consuming import RawRecord, apply_batch
from contracts.owners import UserErased, UserRegistered
from contracts.workorders import EstimateSent, WorkOrderCompleted
from tests.service.notifier.conftest import CHAT, OWNER, Notifier
from tests.support.golden import golden
from tests.support.people import Person

ERASED = golden(UserErased, "erased", user_id=str(OWNER), sequence=9)
PERSONAL = ("notification", "delivery_attempt", "telegram_chat", "telegram_link_token", "recipient")


async def seen(notifier: Notifier, statement: str, user: Any = None) -> int:
    """How many rows the API's role gets, without any WHERE of ours."""
    async with notifier.api.transaction(user_id=user) as tx:
        return (await tx.execute(text(statement))).rowcount


async def two_users(notifier: Notifier) -> Person:
    other = Person()
    await notifier.link()
    await notifier.link(other.user_id, chat_id=CHAT + 1)
    example = golden(WorkOrderCompleted, "brakes")
    await notifier.receive(example, golden(WorkOrderCompleted, "brakes", owner_id=str(other.user_id)))
    for person in (Person(OWNER), other):
        answer = await notifier.client.post("/v1/telegram/link", headers=person.acting())
        assert answer.status_code == 201
    return other


async def test_the_api_s_role_sees_one_user_s_rows_whatever_it_asks(notifier: Notifier) -> None:
    other = await two_users(notifier)
    for table in PERSONAL:
        everything = f"SELECT * FROM {table}"  # noqa: S608
        counts = [await seen(notifier, everything, user) for user in (OWNER, other.user_id, None)]
        assert counts == [1, 1, 0], table


async def test_the_api_s_role_changes_one_user_s_rows_whatever_it_says(notifier: Notifier) -> None:
    await two_users(notifier)
    for statement in (
        "UPDATE notification SET read_at = now()",
        "UPDATE delivery_attempt SET state = 'suppressed'",
        "UPDATE telegram_link_token SET used_at = now()",
        "UPDATE recipient SET link_version = 5",
        "DELETE FROM telegram_chat",
        "DELETE FROM telegram_link_token",
    ):
        assert await seen(notifier, statement, OWNER) == 1, statement


async def test_the_api_s_role_may_do_no_more_than_it_needs(notifier: Notifier) -> None:
    for statement in (
        "UPDATE notification SET params = '{}'",
        "DELETE FROM notification",
        "INSERT INTO notification SELECT * FROM notification",
        "UPDATE delivery_attempt SET message_id = 1",
        "UPDATE telegram_chat SET chat_id = 1",
        "UPDATE recipient SET erased_at = NULL",
        "SELECT * FROM telegram_update",
        "SELECT * FROM telegram_pace",
        "SELECT * FROM employment",
        "SELECT * FROM decision",
        "TRUNCATE notification",
        "ALTER TABLE notification ADD COLUMN x int",
        "DROP POLICY notification_own ON notification",
    ):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            await seen(notifier, statement, OWNER)


async def test_employments_are_append_only_for_the_worker_and_even_for_their_owner(notifier: Notifier) -> None:
    for statement in ("UPDATE employment SET role = 'owner'", "DELETE FROM employment", "TRUNCATE employment"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with notifier.worker.transaction() as tx:
                await tx.execute(text(statement))
    with pytest.raises(DBAPIError, match="append-only"):
        await notifier.execute("TRUNCATE employment")


async def test_an_erased_user_leaves_bare_facts(notifier: Notifier) -> None:
    await two_users(notifier)
    await notifier.delivery.deliver_next()
    await notifier.receive(
        golden(UserRegistered, "first-sign-in", user_id=str(OWNER)), golden(EstimateSent, "two-jobs")
    )

    await notifier.receive(ERASED)

    assert await notifier.rows("SELECT user_id FROM telegram_chat WHERE user_id = :user", user=OWNER) == []
    assert await notifier.rows("SELECT user_id FROM telegram_link_token WHERE user_id = :user", user=OWNER) == []
    kept = await notifier.rows(
        "SELECT template, params FROM notification WHERE user_id = :user ORDER BY template", user=OWNER
    )
    assert kept == [("estimate-sent", None), ("work-order-completed", None)]
    assert await notifier.value("SELECT locale FROM recipient WHERE user_id = :user", user=OWNER) is None
    answers = await notifier.rows("SELECT principal FROM idempotency_key WHERE principal = :user", user=OWNER)
    assert answers == []
    assert await notifier.delivery.deliver_next() == 0
    assert (await notifier.get("/v1/notifications"))["data"] == []


async def test_nothing_of_the_user_is_left_in_any_table(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(golden(WorkOrderCompleted, "brakes"))
    await notifier.write("/help")
    await notifier.receive(ERASED)
    tables = await notifier.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        stored = await notifier.rows(f"SELECT t::text AS row FROM {table.tablename} t")  # noqa: S608
        for trace in (str(CHAT), "Somebody", "Lada 21099"):
            assert [row.row for row in stored if trace in row.row] == [], table.tablename


async def test_replays_bring_nothing_of_an_erased_user_back(notifier: Notifier) -> None:
    await notifier.link()
    await notifier.receive(
        golden(UserRegistered, "first-sign-in", user_id=str(OWNER)), golden(WorkOrderCompleted, "brakes")
    )
    await notifier.receive(ERASED)
    before = await notifier.checksums()

    await notifier.receive_everything_again_with_an_empty_inbox()

    assert await notifier.checksums() == before


async def test_what_arrives_after_the_erasure_is_kept_as_a_bare_fact(notifier: Notifier) -> None:
    await notifier.receive(ERASED)

    await notifier.receive(golden(WorkOrderCompleted, "brakes"))

    assert await notifier.rows("SELECT template, params FROM notification") == [("work-order-completed", None)]
    assert (await notifier.attempt()).reason == "erased"


async def test_a_removed_profile_erases_as_well(notifier: Notifier) -> None:
    await notifier.link()
    tombstone = RawRecord(topic="owners.profile", partition=0, offset=0, key=str(OWNER).encode(), value=None)

    await apply_batch(notifier.worker, notifier.subscriptions, [tombstone])

    assert await notifier.value("SELECT count(*) FROM telegram_chat") == 0


async def test_an_erased_user_s_token_links_nothing(notifier: Notifier) -> None:
    notifier.gateway.accounts[CHAT] = OWNER
    await notifier.meet()
    answer = await notifier.client.post("/v1/telegram/link", headers=Person(OWNER).acting())
    await notifier.receive(ERASED)

    await notifier.write(f"/start {answer.json()['deep_link'].partition('=')[2]}")

    assert notifier.texts()[0].startswith("Эта ссылка мне незнакома")


async def test_what_the_bot_has_heard_is_forgotten_once_it_is_answered(notifier: Notifier) -> None:
    await notifier.meet()
    await notifier.write("my secret")
    (row,) = await notifier.rows("SELECT payload, sender_id, done_at FROM telegram_update")
    assert (row.payload, row.sender_id) == (None, None)
    assert row.done_at is not None
