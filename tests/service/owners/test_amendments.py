"""Accepted corrections beside what was attested: the original stays, what counts follows."""

import asyncio
from typing import Any
from uuid import uuid4

from chassis.consuming import raw_record
from chassis.consuming.replay import replay_dead_letter
from contracts.workorders import WorkOrderCompleted
from owners.consumers import subscriptions
from tests.service.owners.amending import corrected, read_as
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_monthly_cost import DIFFERENCE

MARCH = {"from": "2024-03-01", "to": "2024-03-31"}
PART_OF_MARCH = {"from": "2024-03-10", "to": "2024-03-20"}


async def attested(owners: Owners, **changes: Any) -> tuple[Person, str, WorkOrderCompleted]:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    order = completed(car, owner_id=str(anna.user_id), **changes)
    await owners.deliver(order)
    return anna, car, order


async def spent(owners: Owners, car: str, person: Person) -> set[int]:
    """What analytics count in the month of the visit, from sums and from single entries."""
    answers = [(await owners.get(f"{car}/analytics", person, **window)).json() for window in (MARCH, PART_OF_MARCH)]
    return {answer["running_costs"]["amount_minor"] for answer in answers}


async def amendments(owners: Owners) -> int:
    return int((await owners.rows("SELECT count(*) FROM amendment"))[0][0])


async def test_amended_cost_counts_and_the_original_stays(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    [before] = await owners.listed(f"{car}/service-entries", anna)
    assert (before["amendments"], before["in_force"]) == ([], None)
    correction = corrected(order, "total-lowered")
    await owners.deliver(correction)
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    unchanged = before.keys() - {"amendments", "in_force"}
    assert {name: entry[name] for name in unchanged} == {name: before[name] for name in unchanged}
    [amendment] = entry["amendments"]
    assert (amendment["revision"], amendment["kind"], amendment["cost"]["amount_minor"]) == (2, "money", 921_100)
    assert (amendment["amendment_sha256"], amendment["proposed_role"], amendment["accepted_role"]) == (
        (correction.amendment_sha256, "manager", "car_owner")
    )
    assert entry["in_force"] == {
        "voided": False,
        "lines": amendment["lines"],
        "cost": {"amount_minor": 921_100, "currency": "RUB"},
        "next_due": {"km": 60_000, "months": None},
        "odometer": before["odometer"],
    }
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert expense["amount"]["amount_minor"] == 981_100
    assert expense["in_force"] == {"voided": False, "amount": entry["in_force"]["cost"]}
    assert [one["revision"] for one in expense["amendments"]] == [2]
    assert await spent(owners, car, anna) == {921_100}
    told = (await owners.events("owners.record"))[-2:]
    assert [(event["type"], event["provenance"]) for event in told] == [
        ("owners.service-entry.changed", "attested"),
        ("owners.expense.changed", "attested"),
    ]
    assert (told[0]["attestation"]["work_order_id"], told[1]["amount_minor"]) == (str(order.work_order_id), 921_100)
    assert [event["sequence"] for event in told] == [4, 5]
    assert told[0]["actor"] == correction.actor.model_dump(mode="json")


async def test_each_amendment_makes_another_version_of_what_is_shown(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    paths = (f"{car}/service-entries/{entry['id']}", f"{car}/expenses/{entry['expense_id']}")
    assert [(await owners.get(path, anna)).headers["etag"] for path in paths] == ['"1"', '"1"']
    await owners.deliver(
        corrected(order, "odometer-digits-swapped", odometer=read_as(184_720)), corrected(order, "total-lowered", 3)
    )
    assert [(await owners.get(path, anna)).headers["etag"] for path in paths] == ['"3"', '"2"']
    assert len((await owners.get(paths[0], anna)).json()["amendments"]) == 2


async def test_amended_work_changes_what_was_done_and_when_it_is_due_again(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    lines = [
        {"title": "Диск вентилируемый", "kind": "part", "total_minor": 981_100, "next_service": {"km": 9, "months": 6}}
    ]
    await owners.deliver(corrected(order, "part-corrected", lines=lines))
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    assert [line["title"] for line in entry["lines"]] == [
        "Замена дисков и колодок передней оси",
        "Диск тормозной передний",
    ]
    assert [line["title"] for line in entry["in_force"]["lines"]] == ["Диск вентилируемый"]
    assert (entry["next_due"], entry["in_force"]["next_due"]) == (
        {"km": 60_000, "months": None},
        {"km": 9, "months": 6},
    )
    [told] = [event for event in await owners.events("owners.record") if event["type"].endswith("entry.changed")]
    assert (told["titles"], told["odometer_km"], told["voided"]) == (["Диск вентилируемый"], 187_420, False)


async def test_amended_reading_replaces_the_wrong_one_and_clears_the_rollback_that_it_caused(owners: Owners) -> None:
    anna, car, order = await attested(owners, odometer={"value": "487420", "km": 487_420})
    for value, on in (("187800", "2024-04-01"), ("188000", "2024-04-10")):
        await owners.read(car, anna, value, on)
    assert {one["odometer"]["verdict"] for one in await owners.listed(f"{car}/odometer", anna)} == {"rollback", "ok"}
    await owners.deliver(corrected(order, "odometer-digits-swapped", odometer=read_as(187_420)))
    readings = await owners.listed(f"{car}/odometer", anna)
    assert {one["odometer"]["value"]: (one["odometer"]["verdict"], one["provenance"]) for one in readings} == {
        "188000": ("ok", "self_declared"),
        "187800": ("ok", "self_declared"),
        "187420": ("ok", "attested"),
        "487420": ("replaced", "attested"),
    }
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "188000"
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    assert (entry["odometer"]["value"], entry["odometer"]["verdict"]) == ("487420", "replaced")
    assert entry["in_force"]["odometer"]["value"] == entry["amendments"][0]["odometer"]["value"] == "187420"
    told = (await owners.events("owners.record"))[-2:]
    assert [event["type"] for event in told] == ["owners.service-entry.changed", "owners.odometer.judged"]
    assert (told[0]["odometer_km"], told[1]["rollback_count"], told[1]["provenance"]) == (187_420, 0, "attested")


async def test_amendment_gives_a_reading_to_a_visit_without_one_or_takes_it_away(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    unread, read = completed(car, "odometer-unreadable"), completed(car)
    await owners.deliver(unread, read)
    nothing = {"readable": False, "value": None, "km": None, "unreadable_reason": "щиток не горел"}
    await owners.deliver(
        corrected(unread, "odometer-digits-swapped", odometer=read_as(187_300)),
        corrected(read, "odometer-digits-swapped", odometer=nothing),
    )
    entries = {one["attestation"]["work_order_id"]: one for one in await owners.listed(f"{car}/service-entries", anna)}
    assert entries[str(unread.work_order_id)]["in_force"]["odometer"]["value"] == "187300"
    assert entries[str(read.work_order_id)]["in_force"]["odometer"] is None
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "187300"


async def test_void_leaves_nothing_that_counts(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    await owners.read(car, anna, "90000", "2024-01-01")
    await owners.deliver(corrected(order, "wrong-car"))
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    assert entry["in_force"] == {
        "voided": True,
        "lines": [],
        "cost": {"amount_minor": 0, "currency": "RUB"},
        "next_due": None,
        "odometer": None,
    }
    assert (entry["cost"]["amount_minor"], entry["odometer"]["verdict"]) == (981_100, "replaced")
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert expense["in_force"] == {"voided": True, "amount": {"amount_minor": 0, "currency": "RUB"}}
    assert await spent(owners, car, anna) == {0}
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "90000"
    told = (await owners.events("owners.record"))[-3:]
    assert [event["type"].removeprefix("owners.") for event in told] == [
        "service-entry.changed",
        "expense.changed",
        "odometer.judged",
    ]
    assert (told[0]["voided"], told[0]["titles"], told[1]["amount_minor"]) == (True, [], 0)
    assert told[2]["reading_count"] == 1


async def test_void_is_final_and_late_revisions_change_nothing_that_counts(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    await owners.deliver(corrected(order, "total-lowered", 4, total=700_000))
    await owners.deliver(corrected(order, "total-lowered", 2, total=1))
    assert await spent(owners, car, anna) == {700_000}
    await owners.deliver(corrected(order, "wrong-car", 3))
    await owners.deliver(corrected(order, "total-lowered", 5, total=2))
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    assert [one["revision"] for one in entry["amendments"]] == [2, 3, 4, 5]
    assert (entry["in_force"]["voided"], await spent(owners, car, anna)) == (True, {0})
    assert await owners.rows(DIFFERENCE) == []


async def test_the_same_correction_in_many_events_is_one_amendment(owners: Owners) -> None:
    _, _, order = await attested(owners)
    correction = corrected(order, "odometer-digits-swapped", odometer=read_as(184_720))
    await owners.deliver(correction, correction, raw_record(correction))
    await asyncio.gather(*(owners.deliver(correction) for _ in range(5)))
    assert await amendments(owners) == 1
    assert len(await owners.events("owners.record")) == 5


async def test_replay_with_an_emptied_inbox_changes_nothing(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    other = completed(car, odometer={"value": "188000", "km": 188_000})
    await owners.deliver(
        other,
        corrected(order, "odometer-digits-swapped", odometer=read_as(184_720)),
        corrected(order, "total-lowered", 3),
        corrected(other, "wrong-car"),
    )
    before = await owners.checksums()
    await owners.execute("TRUNCATE inbox")
    await owners.deliver(*owners.delivered)
    await owners.deliver(*reversed(owners.delivered))
    assert await owners.checksums() == before
    assert await spent(owners, car, anna) == {921_100}


async def test_bad_corrections_are_dead_letters_and_take_nobody_with_them(owners: Owners) -> None:
    _, _, order = await attested(owners)
    good = [completed(f"/v1/cars/{order.car_id}") for _ in range(3)]
    fine = [corrected(one, "total-lowered") for one in good]
    unknown = completed(f"/v1/cars/{order.car_id}")
    bad = [
        corrected(unknown, "total-lowered"),
        corrected(order, "total-lowered", snapshot_sha256="0" * 64),
        corrected(order, "total-lowered", currency="EUR"),
        corrected(order, "total-lowered", car_id=str(uuid4())),
        corrected(order, "odometer-digits-swapped", odometer={"value": "-5", "unit": "km"}),
        corrected(order, "odometer-digits-swapped", odometer=read_as(1), time_zone="Atlantis/Capital"),
    ]
    misfit = raw_record(corrected(order, "wrong-car"))
    malformed = [
        misfit._replace(offset=1_001, value=(misfit.value or b"").replace(b'"kind":"void"', b'"kind":"money"')),
        misfit._replace(offset=1_002, value=(misfit.value or b"").replace(b'"revision":2', b'"revision":1')),
    ]
    outcome = await owners.deliver(*good, fine[0], *bad, fine[1], *malformed, fine[2], dead=len(bad) + len(malformed))
    assert (outcome.applied, await amendments(owners)) == (6, 3)
    errors = " ".join(row.error for row in await owners.rows("SELECT error FROM dead_letter"))
    for why in (
        "has not been taken in",
        "another snapshot",
        "keeps the currency",
        "no car",
        "IANA",
        "belong to its kind",
    ):
        assert why in errors


async def test_correction_whose_completion_was_given_up_waits_for_it_among_the_dead_letters(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    order = completed(car)
    completion = raw_record(order, offset=7)
    correction = raw_record(corrected(order, "total-lowered"), offset=8)
    unreadable = completion._replace(value=b"{")
    await owners.deliver(unreadable, correction, dead=2)
    await owners.execute('UPDATE dead_letter SET value = :value WHERE "offset" = 7', value=completion.value)
    for offset in (7, 8):
        await replay_dead_letter(owners.worker, subscriptions, (completion.topic, 0, offset))
    assert await spent(owners, car, anna) == {921_100}
    assert await owners.rows("SELECT 1 FROM dead_letter") == []


async def test_edit_history_tells_the_amendments(owners: Owners) -> None:
    anna, car, order = await attested(owners)
    first, second = corrected(order, "total-lowered"), corrected(order, "wrong-car", 3)
    await owners.deliver(first, second)
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    path = f"{car}/service-entries/{entry['id']}/edits"
    edits = (await owners.get(path, anna)).json()["data"]
    assert [(edit["version"], edit["edited_by"]) for edit in edits] == [
        (3, str(second.amendment.proposed.user_id)),
        (2, str(first.amendment.proposed.user_id)),
    ]
    assert edits[1]["changes"]["cost_minor"] == {"before": 981_100, "after": 921_100}
    assert (edits[0]["changes"]["cost_minor"]["after"], edits[0]["changes"]["lines"]["after"]) == (0, [])
    assert [edit["version"] for edit in (await owners.get(path, anna, before=3)).json()["data"]] == [2]
    of_expense = (await owners.get(f"{car}/expenses/{entry['expense_id']}/edits", anna)).json()["data"]
    assert of_expense[1]["changes"] == {"amount_minor": {"before": 981_100, "after": 921_100}}
