"""Who sees what of an amendment, and what of it travels: it goes where its entry goes, amounts stay with who paid."""

import json
from typing import Any

from contracts.exchange import ExchangeDocument
from contracts.workorders import WorkOrderCompleted
from tests.service.owners.amending import corrected, read_as
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_export import exported
from tests.service.owners.test_history_access import garage
from tests.service.owners.test_import import shown, taken_in
from tests.service.owners.test_transfer import handed_over

WINDOW = {"from": "2024-03-01", "to": "2024-03-20"}
SECRETS = ("921100", "489100", "981100", "скидка")


async def sold_and_amended(owners: Owners) -> tuple[Person, Person, str, WorkOrderCompleted]:
    """A car whose former owner's visit is amended when somebody else owns it."""
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna)
    order = completed(car, owner_id=str(anna.user_id))
    await owners.deliver(order)
    await handed_over(owners, car, anna, boris, sold_on="2024-04-01")
    await owners.deliver(
        corrected(order, "total-lowered"),
        corrected(order, "part-corrected", 3, total=921_100),
        corrected(order, "odometer-digits-swapped", 4, odometer=read_as(184_720)),
    )
    return anna, boris, car, order


async def test_amendment_of_a_former_owners_visit_counts_for_him_and_tells_the_next_owner_no_amount(
    owners: Owners,
) -> None:
    anna, boris, car, _ = await sold_and_amended(owners)
    [mine] = await owners.listed(f"{car}/service-entries", anna)
    assert [one["kind"] for one in mine["amendments"]] == ["money", "work", "odometer"]
    assert mine["in_force"]["cost"]["amount_minor"] == 921_100
    answer = await owners.get(f"{car}/service-entries", boris)
    [theirs] = answer.json()["data"]
    assert [(one["kind"], one["cost"]) for one in theirs["amendments"]] == [("work", None), ("odometer", None)]
    assert theirs["in_force"]["odometer"]["value"] == "184720"
    assert [line["title"] for line in theirs["in_force"]["lines"]] == [
        line["title"] for line in mine["in_force"]["lines"]
    ]
    edits = await owners.get(f"{car}/service-entries/{theirs['id']}/edits", boris)
    assert [edit["version"] for edit in edits.json()["data"]] == [4, 3]
    export = await owners.get(f"{car}/export", boris)
    for told in (answer, edits, export):
        assert [secret for secret in SECRETS if secret in told.text] == []
    assert await owners.listed(f"{car}/expenses", boris) == []
    assert (await owners.get(f"{car}/analytics", anna, **WINDOW)).json()["running_costs"]["amount_minor"] == 921_100
    assert "921100" not in (await owners.get(f"{car}/analytics", boris, **WINDOW)).text
    assert (await owners.get(car, boris)).json()["odometer"]["value"] == "184720"
    published = (await owners.events("owners.record"))[-5:]
    of_entry = [event["owner_id"] for event in published if not event["type"].endswith("judged")]
    assert of_entry == [str(anna.user_id)] * len(of_entry)


async def test_linked_center_sees_amended_work_without_amounts(owners: Owners) -> None:
    anna, car, link = await garage(owners)
    await owners.deliver(link.joined(), link.approved())
    order = completed(car, owner_id=str(anna.user_id))
    await owners.deliver(order, corrected(order, "total-lowered"), corrected(order, "part-corrected", 3))
    answer = await owners.get(f"{car}/service-entries", link.mechanic)
    [amended] = [one for one in answer.json()["data"] if one["in_force"]]
    assert amended["attestation"]["work_order_id"] == str(order.work_order_id)
    assert [one["kind"] for one in amended["amendments"]] == ["work"]
    assert [secret for secret in SECRETS if secret in answer.text] == []


def origins(document: dict[str, Any]) -> list[Any]:
    parsed = ExchangeDocument.model_validate_json(json.dumps(document))
    return [one for one in parsed.origin.records if one.amendments]


async def test_export_has_what_is_in_force_and_tells_the_amendments_beside_the_original(owners: Owners) -> None:
    anna, _, car, order = await sold_and_amended(owners)
    document, data = await exported(owners, car, anna)
    [entry] = document["data"]["service_entries"]
    assert (entry["cost_minor"], entry["odometer"]["value"]) == (921_100, "184720")
    [origin] = origins(document)
    assert (origin.original.cost_minor, len(origin.original.lines)) == (981_100, 2)
    assert [(one.revision, one.kind, one.cost_minor) for one in origin.amendments] == [
        (2, "money", 921_100),
        (3, "work", 921_100),
        (4, "odometer", None),
    ]
    assert {one.snapshot_sha256 for one in origin.amendments} == {order.snapshot_sha256}
    vera = await owners.sign_in()
    other = await owners.car(vera)
    done = await taken_in(owners, other, vera, document)
    assert done["counts"] == {"new": 1, "duplicate": 0, "conflict": 0, "error": 0}
    [imported] = await owners.listed(f"{other}/service-entries", vera)
    assert (imported["provenance"], imported["attestation"], imported["amendments"]) == ("self_declared", None, [])
    assert (await exported(owners, other, vera))[1] == data
    assert (await shown(owners, other, vera, document))["counts"]["duplicate"] == 1


async def test_voided_visit_is_no_record_of_an_export_and_is_told_of_in_its_origin(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    order = completed(car)
    await owners.deliver(order)
    before, _ = await exported(owners, car, anna)
    await owners.deliver(corrected(order, "wrong-car"))
    document, data = await exported(owners, car, anna)
    assert (document["data"]["service_entries"], document["data"]["readings"]) == ([], [])
    [origin] = origins(document)
    assert ([one.kind for one in origin.amendments], origin.original.cost_minor) == (["void"], 981_100)
    assert (await owners.get(f"{car}/export", anna, format="csv")).text.count("service_entry") == 0
    other = await owners.car(anna)
    assert (await shown(owners, other, anna, document))["counts"]["new"] == 0
    assert (await exported(owners, other, anna))[1] == data
    assert (await shown(owners, car, anna, before))["counts"]["new"] == 0
