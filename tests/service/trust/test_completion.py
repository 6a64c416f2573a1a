from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.consuming import apply_batch
from contracts.owners import OdometerJudged, ServiceEntryRecorded
from contracts.trust import RecommendationChanged
from contracts.workorders import WorkOrderCompleted
from tests.service.trust.conftest import Trust
from tests.support.golden import golden
from trust.commands.recommendation_book import timers
from trust.consumers import subscriptions

OPENED = "trust.recommendation.opened.v1"
CHANGED = "trust.recommendation.changed.v1"
SCORED = "trust.score.changed.v1"


def completed(**changes: object) -> WorkOrderCompleted:
    return golden(WorkOrderCompleted, "brakes", **changes)


def reading(km: int, sequence: int) -> OdometerJudged:
    event = golden(OdometerJudged, "attested-reading", sequence=sequence)
    assert event.last_ok is not None
    last = event.last_ok.model_copy(update={"km": km, "value": str(km), "reading_id": uuid4()})
    return event.model_copy(update={"last_ok": last, "changed": (last,)})


async def test_completed_order_recommends_its_intervals_and_its_declined_work(trust: Trust) -> None:
    await trust.deliver(completed())
    opened = {event["title"]: event for event in await trust.published(OPENED)}
    assert {title: (event["due_km"], event["due_on"], event["source"]) for title, event in opened.items()} == {
        "Диск тормозной передний": (247_420, None, "work_order_interval"),
        "Замена ремня ГРМ": (192_420, "2026-09-15", "declined_job"),
    }


async def test_replaying_everything_with_an_empty_inbox_changes_nothing(trust: Trust) -> None:
    await trust.deliver(completed(), golden(ServiceEntryRecorded, "attested"), reading(187_420, 1))
    await trust.deliver(completed(work_order_id=str(uuid4()), sequence=8))
    before = await trust.checksums()
    await trust.redeliver_everything_with_an_empty_inbox()
    assert await trust.checksums() == before
    assert await trust.value("SELECT count(*) FROM audit_row") == 4


async def test_the_same_event_twice_in_one_batch_counts_once(trust: Trust) -> None:
    event = completed()
    await trust.deliver(event)
    again = trust.delivered[0]
    await apply_batch(trust.worker, subscriptions, [again, again])
    assert len(await trust.published(OPENED)) == 2
    assert await trust.value("SELECT count(*) FROM engagement_event") == 1


async def test_doing_declined_work_later_settles_its_recommendation_in_time(trust: Trust) -> None:
    await trust.deliver(completed())
    declined = completed().snapshot.declined[0]
    job = completed().snapshot.jobs[0].model_copy(update={"title": declined.title.upper()})
    later = completed(work_order_id=str(uuid4()), sequence=9, snapshot={"jobs": [job.model_dump(mode="json")]})
    await trust.deliver(later.model_copy(update={"snapshot": later.snapshot.model_copy(update={"declined": ()})}))
    settled = {(event["title"], event["status"]) for event in await trust.published(CHANGED)}
    assert (declined.title, "done") in settled
    assert await trust.value("SELECT bool_and(kept) FROM recommendation WHERE status = 'done'") is True


async def test_turning_odometer_brings_a_recommendation_nearer_and_tells_each_step_once(trust: Trust) -> None:
    await trust.deliver(completed())
    for sequence, km in enumerate((191_000, 191_500, 192_000, 192_420, 193_000, 193_500), start=2):
        await trust.deliver(reading(km, sequence))
    belt = [event["status"] for event in await trust.published(CHANGED) if event["title"] == "Замена ремня ГРМ"]
    assert belt == ["upcoming", "due", "overdue"]
    assert [event["sequence"] for event in await trust.published(CHANGED)] == [2, 3, 4]


async def test_passing_dates_bring_a_recommendation_nearer(trust: Trust) -> None:
    await trust.deliver(completed())
    clock_before = timers._clock
    timers._clock = lambda: datetime(2027, 1, 1, tzinfo=UTC)
    try:
        while await timers.run_due(trust.worker):
            pass
    finally:
        timers._clock = clock_before
    belt = [event["status"] for event in await trust.published(CHANGED)]
    assert belt == ["upcoming", "due", "overdue"]
    assert await trust.value("SELECT count(*) FROM timer") == 0


async def test_score_is_told_once_per_value_and_related_party_work_counts_nowhere(trust: Trust) -> None:
    await trust.deliver(completed(related_party=True), golden(ServiceEntryRecorded, "attested"))
    assert await trust.published(SCORED) == []
    await trust.deliver(reading(187_420, 2))
    await trust.deliver(reading(187_500, 3))
    values = [event["value"] for event in await trust.published(SCORED)]
    assert values == list(dict.fromkeys(values))
    assert len(values) == 1


async def test_score_does_not_depend_on_the_order_of_arrival(
    trust: Trust,
) -> None:
    events = [completed(), golden(ServiceEntryRecorded, "attested"), reading(187_420, 3)]
    await trust.deliver(*events)
    one = await trust.rows("SELECT value, parts, as_of FROM vehicle_score")
    other_car = {"car_id": str(uuid4())}
    moved = [type(event).model_validate(event.model_dump(mode="json") | other_car) for event in reversed(events)]
    for event in moved:
        if isinstance(event, WorkOrderCompleted):
            event = event.model_copy(update={"work_order_id": uuid4()})  # noqa: PLW2901
        if isinstance(event, ServiceEntryRecorded):
            event = event.model_copy(update={"entry_id": uuid4()})  # noqa: PLW2901
        if isinstance(event, OdometerJudged):
            fresh = event.changed[0].model_copy(update={"reading_id": uuid4()})
            event = event.model_copy(update={"changed": (fresh,)})  # noqa: PLW2901
        await trust.deliver(event)
    both = await trust.rows("SELECT DISTINCT value, parts::text, as_of FROM vehicle_score")
    assert len(one) == 1
    assert len(both) == 1


async def test_a_settled_recommendation_never_changes_again(trust: Trust) -> None:
    await trust.deliver(completed())
    await trust.execute("UPDATE recommendation SET status = 'dismissed', kept = false")
    await trust.deliver(reading(400_000, 2))
    assert await trust.published(CHANGED) == []


async def test_a_recommendation_that_turns_overdue_costs_points_for_timeliness(trust: Trust) -> None:
    await trust.deliver(completed())
    await trust.deliver(reading(400_000, 2))
    change = next(e for e in await trust.published(CHANGED) if e["source"] == "work_order_interval")
    await trust.deliver(RecommendationChanged.model_validate(change))
    parts = await trust.value("SELECT parts FROM vehicle_score WHERE car_id = :car", car=UUID(change["car_id"]))
    assert {part["name"]: part["earned"] for part in parts}["timeliness"] == 0
