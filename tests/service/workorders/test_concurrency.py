import asyncio
from uuid import uuid4

from sqlalchemy import text
from structlog.testing import capture_logs

from tests.service.workorders.garage import READING, Garage


async def test_two_completions_at_once_have_one_effect(garage: Garage) -> None:
    order = await garage.ready()
    version = await garage.version(order)
    answers = await asyncio.gather(
        *(garage.post(f"{order}/completion", "manager", READING, version=version) for _ in range(2)),
        *(garage.post(f"{order}/completion", "owner", READING, version=version) for _ in range(2)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert [event["type"] for event in await garage.events()].count("completed") == 1
    assert len(await garage.rows("SELECT 1 FROM snapshot")) == 1


async def test_one_idempotency_key_a_hundred_times_at_once_has_one_effect(garage: Garage) -> None:
    order = await garage.ready()
    version, key = await garage.version(order), str(uuid4())
    answers = await asyncio.gather(
        *(garage.post(f"{order}/completion", "manager", READING, version=version, key=key) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    replay = await garage.post(f"{order}/completion", "manager", READING, version=version, key=key)
    assert (replay.status_code, replay.headers["Idempotency-Replayed"]) == (200, "true")
    assert [event["type"] for event in await garage.events()].count("completed") == 1
    other = await garage.post(f"{order}/completion", "manager", {"unreadable_reason": "Нет"}, version=version, key=key)
    assert other.status_code == 422


async def test_numbers_have_no_gap_when_orders_are_opened_at_once_and_some_fail(garage: Garage) -> None:
    opening = {"center_id": str(garage.center_id), "car_id": str(garage.car_id)}
    too_long = opening | {"complaint": "x" * 2001}
    strange = opening | {"car_id": str(uuid4())}
    bodies = [opening, opening, too_long, opening, strange] * 4
    answers = await asyncio.gather(*(garage.post("/v1/work-orders", body=body) for body in bodies))
    numbers = sorted(answer.json()["number"] for answer in answers if answer.status_code == 201)
    assert numbers == list(range(1, 13))
    assert sorted({answer.status_code for answer in answers}) == [201, 404, 422]


async def test_a_rolled_back_opening_takes_no_number(garage: Garage) -> None:
    await garage.open()
    await garage.execute("ALTER TABLE status_history ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    opening = {"center_id": str(garage.center_id), "car_id": str(garage.car_id)}
    with capture_logs() as logs:
        assert (await garage.post("/v1/work-orders", body=opening)).status_code == 500
    assert [log["event"] for log in logs] == ["request failed", "request"]
    await garage.execute("ALTER TABLE status_history DROP CONSTRAINT nothing_goes")
    assert (await garage.order(await garage.open()))["number"] == 2


async def test_completion_is_all_or_nothing(garage: Garage) -> None:
    order = await garage.ready()
    before = await garage.checksums()
    await garage.execute("ALTER TABLE outbox ADD CONSTRAINT nothing_goes CHECK (false) NOT VALID")
    with capture_logs():
        assert (await garage.act(order, "completion", body=READING)).status_code == 500
    await garage.execute("ALTER TABLE outbox DROP CONSTRAINT nothing_goes")
    assert await garage.checksums() == before
    await garage.done(order, "completion", body=READING)


async def test_parts_added_at_once_are_all_there(garage: Garage) -> None:
    order = await garage.open()
    answers = await asyncio.gather(*(garage.post(f"{order}/jobs", body={"title": f"Job {n}"}) for n in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(len(answer.json()["jobs"]) for answer in answers) == list(range(1, 11))
    found = await garage.order(order)
    assert {job["title"] for job in found["jobs"]} == {f"Job {n}" for n in range(10)}
    assert found["version"] == 11


async def test_an_edit_waits_for_the_one_before_it_and_sees_it(garage: Garage) -> None:
    order = await garage.approved()
    order_id = (await garage.order(order))["id"]
    async with garage.owner_role.transaction() as tx:
        await tx.execute(text("SELECT 1 FROM work_order WHERE id = :id FOR UPDATE"), {"id": order_id})
        waiting = asyncio.create_task(garage.post(f"{order}/jobs", body={"title": "Ещё"}))
        await tx.execute(text("UPDATE work_order SET version = version + 5 WHERE id = :id"), {"id": order_id})
    assert (await waiting).json()["version"] == await garage.version(order)
