import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

from contracts.registry import event_class
from contracts.workorders import Snapshot, WorkOrderCompleted
from tests.service.workorders.garage import NOW, READING, Garage, id_of


async def test_order_from_draft_to_completed(garage: Garage) -> None:
    order = await garage.open()
    await garage.job(order)
    assert (await garage.done(order, "estimate"))["status"] == "awaiting_approval"
    assert (await garage.answer(order))["status"] == "approved"
    assert (await garage.done(order, "start", "assigned"))["status"] == "in_progress"
    assert (await garage.done(order, "ready", "assigned"))["status"] == "ready"
    completed = await garage.done(order, "completion", "manager", READING)
    assert completed["status"] == "completed"
    assert completed["bill"]["total"] == {"amount_minor": 825_050, "currency": "RUB"}

    events = await garage.events()
    assert [event["type"] for event in events] == [
        "opened",
        "estimate-sent",
        "estimate-decided",
        "status-changed",
        "status-changed",
        "completed",
    ]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert {event["work_order_id"] for event in events} == {str(id_of(order))}
    roles = ["receptionist", "manager", "car_owner", "mechanic", "mechanic", "manager"]
    assert [event["actor"]["role"] for event in events] == roles


async def test_published_events_are_what_the_contracts_say(garage: Garage) -> None:
    order = await garage.completed()
    cancelled = await garage.open()
    await garage.job(cancelled)
    await garage.done(cancelled, "estimate")
    await garage.done(cancelled, "cancellation", "car_owner", {"reason": "Продаю машину"})
    rows = await garage.rows(
        "SELECT headers ->> 'ce_type' AS type, convert_from(key, 'UTF8') AS key, payload FROM outbox ORDER BY id"
    )
    for row in rows:
        event = event_class(row.type).model_validate_json(row.payload)
        assert event.key == row.key == str(garage.car_id)
        assert event.subject in {str(id_of(order)), str(id_of(cancelled))}
    assert [event["type"] for event in await garage.events()][-2:] == ["estimate-superseded", "cancelled"]


async def test_status_history_tells_every_transition(garage: Garage) -> None:
    order = await garage.completed()
    first = (await garage.get(f"{order}/history", limit=3)).json()
    rest = (await garage.get(f"{order}/history", "car_owner", cursor=first["next_cursor"])).json()
    changes = first["data"] + rest["data"]
    assert [(change["from_status"], change["to_status"], change["role"]) for change in changes] == [
        (None, "draft", "receptionist"),
        ("draft", "awaiting_approval", "manager"),
        ("awaiting_approval", "approved", "car_owner"),
        ("approved", "in_progress", "manager"),
        ("in_progress", "ready", "manager"),
        ("ready", "completed", "manager"),
    ]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert changes[2]["actor_id"] == str(garage.people["car_owner"].user_id)


async def _published_snapshot(garage: Garage) -> dict[str, Any]:
    (event,) = [event for event in await garage.events() if event["type"] == "completed"]
    return event


async def test_snapshot_can_be_verified_by_whoever_reads_it(garage: Garage) -> None:
    order = await garage.completed()
    answer = await garage.get(f"{order}/snapshot", "car_owner")
    body = answer.json()
    assert answer.headers["Snapshot-SHA256"] == body["sha256"]
    as_sent = answer.content.removeprefix(f'{{"sha256":"{body["sha256"]}","snapshot":'.encode()).removesuffix(b"}")
    assert hashlib.sha256(as_sent).hexdigest() == body["sha256"]
    assert rfc8785.dumps(body["snapshot"]) == as_sent


async def test_published_snapshot_is_the_stored_one_and_has_its_hash(garage: Garage) -> None:
    order = await garage.completed()
    stored = (await garage.rows("SELECT content, sha256 FROM snapshot"))[0]
    published = await _published_snapshot(garage)
    assert rfc8785.dumps(published["snapshot"]) == stored.content.encode()
    assert published["snapshot_sha256"] == stored.sha256 == hashlib.sha256(stored.content.encode()).hexdigest()
    again = WorkOrderCompleted.model_validate({key: value for key, value in published.items() if key != "type"})
    assert rfc8785.dumps(again.snapshot.model_dump(mode="json")) == stored.content.encode()
    assert again.revision == 1
    assert again.work_order_id == id_of(order)


async def test_snapshot_says_what_was_done_on_which_ground(garage: Garage) -> None:
    garage.clock.now = datetime(2026, 3, 16, 20, 0, tzinfo=UTC)  # already the 17th in Vladivostok
    order = await garage.open()
    await garage.job(order)
    await garage.job(order, "Щётки стеклоочистителя")
    sent = await garage.done(order, "estimate", body={"discount": {"amount_minor": 100_00, "currency": "RUB"}})
    brakes, wipers = (UUID(job["id"]) for job in sent["jobs"])
    decisions = [
        {"job_id": str(brakes), "decision": "authorise"},
        {"job_id": str(wipers), "decision": "decline"},
    ]
    await garage.done(order, "approval", "car_owner", {"estimate_version": 1, "decisions": decisions})
    await garage.done(order, "start")
    await garage.done(order, "ready")
    await garage.done(order, "completion", body=READING)

    snapshot = Snapshot.model_validate((await garage.get(f"{order}/snapshot")).json()["snapshot"])
    assert snapshot.center.center_id == garage.center_id
    assert snapshot.center.verification == "approved"
    assert (snapshot.car.car_id, snapshot.car.vin) == (garage.car_id, garage.car().vin)
    assert snapshot.owner_id == garage.people["car_owner"].user_id
    assert snapshot.mechanic_ids == (garage.people["assigned"].user_id,)
    assert (snapshot.odometer.value, snapshot.odometer.unit, snapshot.odometer.km) == ("187500", "km", 187_500)
    assert snapshot.completed_on == "2026-03-17"
    assert snapshot.completed_by == garage.people["manager"].user_id
    (job,) = snapshot.jobs
    assert job.job_id == brakes
    assert job.authorisation.estimate_sha256 == sent["estimate"]["sha256"]
    assert (job.authorisation.role, job.authorisation.consent_channel) == ("car_owner", "owner")
    (labor,), (product,) = job.labor, job.products
    assert (labor.hours, labor.rate, product.price) == ("1.5", "2400.00", "4650.50")
    assert product.next_service is not None
    assert (product.next_service.km, product.next_service.months) == (40_000, 24)
    assert [declined.job_id for declined in snapshot.declined] == [wipers]
    assert snapshot.totals.total_minor == job.total_minor == labor.total_minor + product.total_minor
    assert snapshot.totals.discount_minor == labor.discount_minor + product.discount_minor == 50_00
    assert snapshot.estimate_sha256s == (sent["estimate"]["sha256"],)


async def test_every_estimate_hash_is_in_the_snapshot(garage: Garage) -> None:
    order = await garage.approved()
    await garage.job(order, "Масло")
    await garage.done(order, "estimate")
    await garage.answer(order, "decline")
    await garage.done(order, "start")
    await garage.done(order, "ready")
    await garage.done(order, "completion", body=READING)
    hashes = [row.sha256 for row in await garage.rows("SELECT sha256 FROM estimate ORDER BY version")]
    assert (await garage.get(f"{order}/snapshot")).json()["snapshot"]["estimate_sha256s"] == hashes
    assert len(hashes) == 2


async def test_there_is_no_snapshot_before_completion(garage: Garage) -> None:
    assert (await garage.get(f"{await garage.ready()}/snapshot")).status_code == 404


async def test_a_car_owned_by_staff_makes_the_order_a_related_party_one(garage: Garage) -> None:
    await garage.deliver(garage.joined("mechanic", user_id=garage.people["car_owner"].user_id, sequence=2))
    order = await garage.completed()
    assert (await garage.order(order))["related_party"]
    assert all(event["related_party"] for event in await garage.events())


async def test_numbers_are_counted_per_center(garage: Garage) -> None:
    assert [(await garage.order(await garage.open()))["number"] for _ in range(3)] == [1, 2, 3]


async def test_an_open_order_outlives_the_revocation_of_its_link(garage: Garage) -> None:
    order = await garage.ready()
    await garage.deliver(garage.linked(status="revoked", sequence=3))
    assert (await garage.post("/v1/work-orders", body=_opening(garage))).status_code == 404
    assert (await garage.done(order, "completion", body=READING))["status"] == "completed"


def _opening(garage: Garage) -> dict[str, str]:
    return {"center_id": str(garage.center_id), "car_id": str(garage.car_id)}


async def test_times_are_the_clocks(garage: Garage) -> None:
    order = await garage.order(await garage.open())
    assert datetime.fromisoformat(order["opened_at"]) == NOW
    assert json.loads(json.dumps(order["closed_at"])) is None
