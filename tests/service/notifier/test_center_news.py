"""News for a center's owners: two topics, in any order, make the same notifications."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.event import Event
from contracts.sto import CenterVerificationChanged, EmployeeDeactivated, EmployeeJoined, EmployeeRoleChanged
from tests.service.notifier.conftest import NOW, Notifier
from tests.support.golden import golden

CENTER = uuid4()
FOUNDER, PARTNER, MECHANIC, LATECOMER, FORMER = (uuid4() for _ in range(5))
JOBS = {user: uuid4() for user in (FOUNDER, PARTNER, MECHANIC, LATECOMER, FORMER)}


def joined(user: UUID, role: str, minutes: int) -> EmployeeJoined:
    return golden(EmployeeJoined, "mechanic", **_employment(user, role, minutes, 1))


def promoted(user: UUID, role: str, minutes: int) -> EmployeeRoleChanged:
    values = _employment(user, role, minutes, 2) | {"previous_role": "manager"}
    return EmployeeRoleChanged.model_validate(golden(EmployeeJoined, "mechanic").model_dump(mode="json") | values)


def left(user: UUID, role: str, minutes: int) -> EmployeeDeactivated:
    values = _employment(user, role, minutes, 2) | {"active": False}
    return EmployeeDeactivated.model_validate(golden(EmployeeJoined, "mechanic").model_dump(mode="json") | values)


def _employment(user: UUID, role: str, minutes: int, sequence: int) -> dict[str, Any]:
    return {
        "employee_id": str(JOBS[user]),
        "center_id": str(CENTER),
        "user_id": str(user),
        "role": role,
        "sequence": sequence,
        "occurred_at": (NOW + timedelta(minutes=minutes)).isoformat(),
    }


APPROVED = golden(
    CenterVerificationChanged,
    "approved",
    center_id=str(CENTER),
    occurred_at=(NOW + timedelta(minutes=30)).isoformat(),
)
STAFF: tuple[Event, ...] = (
    joined(FOUNDER, "owner", 0),
    joined(PARTNER, "manager", 1),
    promoted(PARTNER, "owner", 20),
    joined(MECHANIC, "mechanic", 2),
    joined(LATECOMER, "owner", 40),
    joined(FORMER, "owner", 3),
    left(FORMER, "owner", 25),
)


async def told(notifier: Notifier) -> set[UUID]:
    return {row.user_id for row in await notifier.rows("SELECT user_id FROM notification")}


@pytest.mark.parametrize("first", [0, len(STAFF)], ids=["news first", "staff first"])
async def test_owners_at_that_moment_are_told_and_nobody_else(notifier: Notifier, first: int) -> None:
    events = [*STAFF[:first], APPROVED, *STAFF[first:]]
    await notifier.receive(*events)

    assert await told(notifier) == {FOUNDER, PARTNER}
    (entry,) = (await notifier.get("/v1/notifications", FOUNDER))["data"]
    assert entry["title"] == "Проверка сервиса СТО «Уральский мотор»"
    assert entry["text"].startswith("Сервис проверен")


async def test_every_order_of_arrival_tells_the_same_people(notifier: Notifier) -> None:
    for order in permutations([*STAFF[:3], APPROVED]):
        for event in order:
            await notifier.receive(event)
        assert await told(notifier) == {FOUNDER, PARTNER}
        await notifier.execute(
            "TRUNCATE delivery_attempt, notification, recipient, announcement, inbox, telegram_chat, "
            "telegram_link_token"
        )
        await notifier.execute("ALTER TABLE employment DISABLE TRIGGER ALL")
        await notifier.execute("DELETE FROM employment")
        await notifier.execute("ALTER TABLE employment ENABLE TRIGGER ALL")


async def test_a_replay_of_both_topics_changes_nothing(notifier: Notifier) -> None:
    await notifier.receive(*STAFF, APPROVED)
    before = await notifier.checksums()

    await notifier.receive_everything_again_with_an_empty_inbox()

    assert await notifier.checksums() == before
