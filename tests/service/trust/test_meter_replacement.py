"""A meter that was replaced begins anew; what is due by distance does not."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.owners import OdometerJudged
from contracts.workorders import WorkOrderCompleted
from tests.service.trust.conftest import Trust
from tests.service.trust.test_completion import CHANGED, OPENED, SCORED, completed, reading
from tests.support.golden import golden

BELT = "Замена ремня ГРМ"
DISC = "Диск тормозной передний"


def replaced(removed_km: int, **changes: Any) -> WorkOrderCompleted:
    """Another visit of the same car, which asks for nothing: a meter that ended there, and one that began at 5 km."""
    order = golden(WorkOrderCompleted, "meter-replaced", work_order_id=str(uuid4()), **changes)
    odometer = order.snapshot.odometer
    assert odometer.meter_replacement is not None
    ended = odometer.meter_replacement.model_copy(update={"removed_km": removed_km, "removed_value": str(removed_km)})
    told = odometer.model_copy(update={"meter_replacement": ended})
    return order.model_copy(
        update={"snapshot": order.snapshot.model_copy(update={"odometer": told, "jobs": (), "declined": ()})}
    )


def shown(km: int, sequence: int, offset_km: int) -> OdometerJudged:
    event = reading(km, sequence)
    assert event.last_ok is not None
    last = event.last_ok.model_copy(update={"meter_offset_km": offset_km})
    return event.model_copy(update={"last_ok": last, "changed": (last,), "meter_offset_km": offset_km})


async def due(trust: Trust) -> dict[str, tuple[int, str]]:
    rows = await trust.rows("SELECT title, due_km, status FROM recommendation")
    return {row.title: (row.due_km, row.status) for row in rows}


async def test_what_is_due_by_distance_is_due_at_what_the_new_meter_will_show(trust: Trust) -> None:
    await trust.deliver(completed())
    await trust.deliver(replaced(190_005, sequence=9))
    await trust.deliver(shown(12, 3, 190_000))
    assert await due(trust) == {DISC: (57_420, "open"), BELT: (2_420, "open")}
    assert await trust.published(CHANGED) == []
    for sequence, km in enumerate((1_419, 1_420, 2_420, 2_921), start=4):
        await trust.deliver(shown(km, sequence, 190_000))
    told = [(event["status"], event["due_km"]) for event in await trust.published(CHANGED)]
    assert told == [("upcoming", 2_420), ("due", 2_420), ("overdue", 2_420)]


async def test_order_and_reading_may_come_in_either_order(trust: Trust) -> None:
    await trust.deliver(completed())
    await trust.deliver(shown(12, 3, 190_000))
    assert await trust.published(CHANGED) == []
    await trust.deliver(replaced(190_005, sequence=9))
    await trust.deliver(shown(1_500, 4, 190_000))
    assert [event["status"] for event in await trust.published(CHANGED)] == ["upcoming"]


async def test_what_was_due_before_the_meter_was_replaced_stays_due(trust: Trust) -> None:
    await trust.deliver(completed())
    await trust.deliver(shown(192_500, 2, 0))
    await trust.deliver(replaced(192_600, sequence=9))
    await trust.deliver(shown(12, 3, 192_595))
    await trust.deliver(shown(400, 4, 192_595))
    told = [(event["status"], event["due_km"]) for event in await trust.published(CHANGED)]
    assert told == [("due", 192_420), ("overdue", 0)]


async def test_intervals_of_later_services_count_from_the_new_meter_and_several_meters_add_up(trust: Trust) -> None:
    await trust.deliver(replaced(190_005, sequence=8), replaced(1_005, sequence=9))
    later = completed(sequence=10, work_order_id=str(uuid4()))
    odometer = later.snapshot.odometer.model_copy(update={"km": 20, "value": "20"})
    await trust.deliver(later.model_copy(update={"snapshot": later.snapshot.model_copy(update={"odometer": odometer})}))
    assert {event["title"]: event["due_km"] for event in await trust.published(OPENED)} == {DISC: 60_020, BELT: 5_020}
    await trust.deliver(shown(30, 2, 191_000))
    assert set((await due(trust)).values()) == {(60_020, "open"), (5_020, "open")}
    await trust.deliver(shown(4_500, 3, 191_000))
    assert (await due(trust))[BELT] == (5_020, "upcoming")


async def test_work_done_after_a_replacement_was_done_in_time(trust: Trust) -> None:
    await trust.deliver(completed())
    job = completed().snapshot.jobs[0].model_copy(update={"title": BELT})
    order = replaced(190_005, sequence=9)
    done = order.model_copy(update={"snapshot": order.snapshot.model_copy(update={"jobs": (job,)})})
    await trust.deliver(done)
    assert await trust.value("SELECT kept FROM recommendation WHERE status = 'done' AND title = :t", t=BELT) is True


async def test_replay_of_replacements_changes_nothing(trust: Trust) -> None:
    await trust.deliver(completed())
    await trust.deliver(replaced(190_005, sequence=9), shown(12, 3, 190_000))
    await trust.deliver(replaced(2_005, sequence=10), shown(20, 4, 192_000))
    before = await trust.checksums()
    await trust.redeliver_everything_with_an_empty_inbox()
    assert await trust.checksums() == before


async def test_timeline_tells_of_the_replacement_and_the_score_of_no_rollback(trust: Trust) -> None:
    await trust.deliver(replaced(187_420, sequence=9))
    judged = golden(OdometerJudged, "meter-replaced")
    await trust.deliver(judged)
    details = {
        row.kind: row.details
        for row in await trust.rows("SELECT kind, details FROM engagement_event WHERE car_id = :car", car=judged.car_id)
    }
    assert details["work_order_completed"]["meter_replacement"] == {"removed_km": 187_420, "installed_km": 5}
    assert [(one["km"], one.get("meter_offset_km")) for one in details["odometer"]["readings"]] == [
        (187_420, None),
        (12, 187_415),
    ]
    score = (await trust.published(SCORED))[-1]
    assert {part["name"]: (part["earned"], part["possible"]) for part in score["parts"]}["odometer"] == (25, 25)
    assert (UUID(score["subject_id"]), datetime.fromisoformat(score["as_of"]).tzinfo is not None) == (
        judged.car_id,
        True,
    )
