"""A reading that grows stale asks its owner for another one, at most once in 30 days."""

import asyncio
import signal
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chassis.clock import FixedClock
from owners.commands.ask_for_readings import FIRST_AFTER, SWEEP_EVERY, begin_sweeps
from owners.consumers import access_timers
from owners.db.stale_readings import BATCH
from owners.settings import OwnersSettings
from owners.wiring import service
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.sweeping import killed_at
from tests.service.owners.test_access import accepted, invited
from tests.service.owners.test_transfer import handed_over
from tests.support.eventually import eventually

GROWN_STALE = "owners.odometer.grown-stale"
MANY = """
    WITH added AS (
        INSERT INTO car (id, owner_id, make, tags, energy_kinds, odometer_unit, currency, last_ok_reading_id,
                         created_at, updated_at, sequence, record_sequence, version)
        SELECT gen_random_uuid(), :owner, 'Lada', '{}', '{}', 'km', 'RUB', gen_random_uuid(), now(), now(), 1, 1, 1
        FROM generate_series(1, :count) RETURNING id, last_ok_reading_id)
    INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, time_zone,
                                  listed_at, author_id, created_at, verdict)
    SELECT last_ok_reading_id, id, :owner, 'manual', 'self_declared', 1000, 'km', 1000, '2024-01-01', 'UTC',
           '2024-01-01T00:00Z', :owner, now(), 'ok' FROM added
"""


def ago(owners: Owners, days: int) -> str:
    return str((owners.clock() - timedelta(days=days)).date())


async def stale(owners: Owners, days: int = 70, **details: Any) -> tuple[Person, str]:
    """An owner whose car was last read so long ago."""
    anna = await owners.sign_in()
    car = await owners.car(anna, **details)
    await owners.read(car, anna, "1000", ago(owners, days))
    return anna, car


async def many_stale(owners: Owners, count: int) -> None:
    anna = await owners.sign_in()
    await owners.execute(MANY, owner=anna.user_id, count=count)


async def begun(owners: Owners, at: datetime) -> None:
    """The sweep's timer, as a worker set it that started early enough for it to be due now."""
    async with owners.worker.transaction() as tx:
        await begin_sweeps(tx, access_timers(FixedClock(at)), now=at - FIRST_AFTER)


async def swept(owners: Owners, days: float = 0, *, workers: int = 1) -> list[dict[str, Any]]:
    """What was asked so far, after every car was looked at so many days from now, batch by batch."""
    at = owners.clock() + timedelta(days=days)

    async def sweep() -> None:
        clock = FixedClock(at)
        timers = access_timers(clock)
        while (due_at := await next_batch(owners)) < at + SWEEP_EVERY / 2:
            clock.now = max(at, due_at)
            await timers.run_due(owners.worker)

    await begun(owners, at)
    await asyncio.gather(*(sweep() for _ in range(workers)))
    assert await owners.rows("SELECT 1 FROM dead_letter") == []
    return await asks(owners)


async def next_batch(owners: Owners) -> datetime:
    [timer] = await owners.rows("SELECT due_at FROM timer WHERE kind = 'reading-sweep'")
    due_at: datetime = timer.due_at
    return due_at


async def asks(owners: Owners) -> list[dict[str, Any]]:
    return [event for event in await owners.events("owners.car") if event["type"] == GROWN_STALE]


def asked_cars(events: list[dict[str, Any]]) -> list[str]:
    return [f"/v1/cars/{event['car_id']}" for event in events]


async def test_owner_is_asked_once_and_again_after_thirty_days(owners: Owners) -> None:
    anna, car = await stale(owners)
    [asked] = await swept(owners)
    assert asked["owner_id"] == str(anna.user_id)
    assert asked["actor"] == {"user_id": None, "role": "system"}
    assert (asked["make"], asked["plate"], asked["sequence"]) == ("Lada", None, 2)
    last = {"value": "1000", "unit": "km", "km": 1000, "observed_on": ago(owners, 70)}
    assert {name: asked["last_ok"][name] for name in last} == last
    assert len(await swept(owners, 1)) == len(await swept(owners, 29)) == 1
    assert asked_cars(await swept(owners, 30)) == [car, car]
    assert len(await swept(owners, 59)) == 2
    assert len(await swept(owners, 61)) == 3


async def test_an_ask_changes_nothing_that_an_owner_sees_and_leaves_no_gap(owners: Owners) -> None:
    anna, car = await stale(owners)
    before = await owners.get(car, anna)
    await swept(owners)
    after = await owners.get(car, anna)
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
    version = int(before.headers["ETag"].strip('"'))
    assert (await owners.patch(car, anna, {"plate": "А123ВС77"}, version)).status_code == 200
    assert [event["sequence"] for event in await owners.events("owners.car")] == [1, 2, 3]


@pytest.mark.parametrize("days", [1, 59])
async def test_fresh_reading_and_no_reading_ask_for_nothing(owners: Owners, days: int) -> None:
    anna, _ = await stale(owners, days)
    await owners.car(anna)
    assert await swept(owners) == []


async def test_every_newer_ok_reading_moves_the_ask_on(owners: Owners) -> None:
    anna, car = await stale(owners)
    measured_at = f"{ago(owners, 30)}T10:00:00Z"
    shown = {"value": "1200", "unit": "km", "km": 1200, "measured_at": measured_at}
    await owners.deliver(completed(car, odometer=shown))
    assert await swept(owners) == []
    assert await swept(owners, 29) == []
    assert asked_cars(await swept(owners, 31)) == [car]
    await owners.read(car, anna, "1300", ago(owners, 0))
    assert asked_cars(await swept(owners, 58)) == [car]
    assert asked_cars(await swept(owners, 62)) == [car, car]


async def test_a_doubtful_reading_does_not_move_it(owners: Owners) -> None:
    anna, car = await stale(owners)
    await owners.read(car, anna, "1010", ago(owners, 69))
    slip = await owners.read(car, anna, "1030000", ago(owners, 1))
    assert slip["odometer"]["verdict"] != "ok"
    assert [event["last_ok"]["value"] for event in await swept(owners)] == ["1010"]


async def test_only_the_present_owner_is_asked(owners: Owners) -> None:
    anna, car = await stale(owners)
    viewer, boris = await owners.sign_in(), await owners.sign_in()
    await accepted(owners, viewer, (await invited(owners, car, anna, "manager"))["token"])
    await handed_over(owners, car, anna, boris)
    assert [event["owner_id"] for event in await swept(owners)] == [str(boris.user_id)]


async def test_new_owner_is_not_asked_sooner_than_thirty_days_after_the_one_before(owners: Owners) -> None:
    anna, car = await stale(owners)
    await swept(owners)
    boris = await owners.sign_in()
    await handed_over(owners, car, anna, boris)
    assert [event["owner_id"] for event in await swept(owners, 29)] == [str(anna.user_id)]
    assert [event["owner_id"] for event in await swept(owners, 31)] == [str(anna.user_id), str(boris.user_id)]


@pytest.mark.parametrize("leaving", ["archive", "erasure"])
async def test_nobody_is_asked_about_a_car_put_away_or_after_erasure(owners: Owners, leaving: str) -> None:
    anna, car = await stale(owners)
    if leaving == "archive":
        assert (await owners.post(f"{car}/archive", anna)).status_code == 200
    else:
        assert (await owners.client.delete("/v1/me", headers=anna.acting(version=1))).status_code == 204
    assert await swept(owners) == []


async def test_many_cars_are_asked_for_in_small_batches_and_once_by_several_workers(owners: Owners) -> None:
    count = 2 * BATCH + 7
    await many_stale(owners, count)
    await begun(owners, owners.clock())
    assert await access_timers(owners.clock).run_due(owners.worker)
    assert len(await asks(owners)) == BATCH
    assert await next_batch(owners) == owners.clock() + timedelta(seconds=1)
    asked = asked_cars(await swept(owners, 0.001, workers=4))
    assert len(asked) == len(set(asked)) == count
    assert asked_cars(await swept(owners, 2, workers=4)) == asked
    assert len(await owners.rows("SELECT 1 FROM timer")) == 1


async def test_a_car_that_somebody_is_changing_holds_nothing_up_and_is_asked_for_the_next_day(owners: Owners) -> None:
    _, busy = await stale(owners)
    _, free = await stale(owners)
    async with owners.owner.transaction() as tx:
        await tx.execute(text("SELECT FROM car WHERE id = :id FOR NO KEY UPDATE"), {"id": busy.rpartition("/")[2]})
        assert asked_cars(await swept(owners)) == [free]
    assert asked_cars(await swept(owners, 1)) == [free, busy]


@pytest.mark.parametrize(("boundary", "left"), [("before-commit", 0), ("after-commit", 1)])
async def test_a_sweep_killed_around_its_commit_has_asked_exactly_once_in_the_end(
    owners: Owners, tmp_path: Path, boundary: str, left: int
) -> None:
    _, car = await stale(owners)
    await begun(owners, owners.clock())
    before = await owners.checksums()
    killing = (boundary, tmp_path / "points", owners.urls.worker_url, owners.clock())
    killing[1].mkdir()
    assert await asyncio.to_thread(killed_at, *killing) == -signal.SIGKILL

    async def over() -> bool:  # the server has noticed that the process is gone
        gone = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'process' AND datname = current_database()"
        return not await owners.rows(gone)

    await eventually(over)
    assert len(await asks(owners)) == left
    assert (await owners.checksums() == before) is (left == 0)
    assert asked_cars(await swept(owners, 0.001)) == asked_cars(await swept(owners, 1)) == [car]


async def test_workers_set_the_sweep_once_and_again_only_when_it_was_lost(owners: Owners) -> None:
    background = service(OwnersSettings(), clock=owners.clock).background

    async def start_workers() -> list[datetime]:
        stop = asyncio.Event()
        running = asyncio.gather(*(job(owners.worker, stop) for job in background for _ in range(3)))

        async def is_set() -> bool:
            return bool(await owners.rows("SELECT 1 FROM timer WHERE kind = 'reading-sweep'"))

        await eventually(is_set)
        stop.set()
        await running
        return [row.due_at for row in await owners.rows("SELECT due_at FROM timer WHERE kind = 'reading-sweep'")]

    assert await start_workers() == [owners.clock() + FIRST_AFTER]
    await swept(owners)
    tomorrow = await next_batch(owners)
    assert await start_workers() == [tomorrow]
    await owners.execute("DELETE FROM timer")
    assert await start_workers() == [owners.clock() + FIRST_AFTER]


async def test_how_old_is_stale_is_a_setting(owners: Owners) -> None:
    await stale(owners, 20)
    timers = service(OwnersSettings(stale_reading_days=10), clock=owners.clock).timers
    assert timers is not None
    await begun(owners, owners.clock())
    assert await timers.run_due(owners.worker)
    assert len(await asks(owners)) == 1
