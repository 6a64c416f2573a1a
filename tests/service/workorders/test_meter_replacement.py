import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785

from contracts.owners import OdometerJudged
from tests.service.workorders.garage import READING, Garage

PHOTO = "ab" * 32


def replaced(value: str = "12", **changes: Any) -> dict[str, Any]:
    replacement = {
        "removed": {"value": "187450", "unit": "km"},
        "installed": {"value": "5", "unit": "km"},
        "reason": "Щиток приборов не работал",
    }
    return {"odometer": {"value": value, "unit": "km", "meter_replacement": replacement | changes}}


def after_replacement(garage: Garage, km: int, *, offset_km: int, sequence: int) -> OdometerJudged:
    """What owners tell once they know: the last good reading may be of either meter."""
    judged = garage.judged(km, garage.clock(), sequence)
    return judged.model_copy(update={"meter_offset_km": offset_km})


async def test_replaced_meter_is_part_of_the_sealed_snapshot_and_of_the_event(garage: Garage) -> None:
    await garage.deliver(garage.judged(187_420, garage.clock() - timedelta(days=2)))
    order = await garage.ready()
    await garage.done(order, "completion", body=replaced())
    sealed = (await garage.get(f"{order}/snapshot")).json()
    odometer = sealed["snapshot"]["odometer"]
    assert (odometer["value"], odometer["km"], odometer["override_reason"]) == ("12", 12, None)
    assert odometer["meter_replacement"] == {
        "removed_value": "187450",
        "removed_unit": "km",
        "removed_km": 187_450,
        "installed_value": "5",
        "installed_unit": "km",
        "installed_km": 5,
        "reason": "Щиток приборов не работал",
        "override_reason": None,
        "photo_sha256": None,
    }
    [stored] = await garage.rows("SELECT content FROM snapshot")
    assert stored.content.encode() == rfc8785.dumps(json.loads(stored.content))
    told = (await garage.events())[-1]
    assert (told["snapshot"], told["snapshot_sha256"]) == (sealed["snapshot"], sealed["sha256"])


async def test_snapshot_without_a_replacement_does_not_speak_of_one(garage: Garage) -> None:
    order = await garage.ready()
    await garage.done(order, "completion", body=READING)
    [stored] = await garage.rows("SELECT content FROM snapshot")
    assert "meter_replacement" not in stored.content
    assert "meter_replacement" not in (await garage.events())[-1]["snapshot"]["odometer"]


async def test_removed_meter_is_judged_like_any_reading_and_passes_with_a_reason_and_a_photo(garage: Garage) -> None:
    await garage.deliver(garage.judged(187_420, garage.clock() - timedelta(days=2)))
    order = await garage.ready()
    slip = {"value": "1874500", "unit": "km"}
    refused = await garage.act(order, "completion", body=replaced(removed=slip))
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:carpass:problem:implausible-odometer")
    errors = refused.json()["errors"]
    assert {error["pointer"] for error in errors} == {"/odometer/meter_replacement/removed/value"}
    assert (errors[0]["code"], errors[1]["code"], errors[1]["message"]) == ("implausible", "candidate", "187450 km")
    override = {"reason": "Пробег подтверждён фотографией", "photo_sha256": PHOTO}
    await garage.done(order, "completion", body=replaced(removed={"value": "60000", "unit": "km"}, override=override))
    kept = (await garage.get(f"{order}/snapshot")).json()["snapshot"]["odometer"]["meter_replacement"]
    assert (kept["removed_km"], kept["override_reason"], kept["photo_sha256"]) == (60_000, override["reason"], PHOTO)


async def test_new_meter_that_shows_more_than_a_test_drive_is_refused(garage: Garage) -> None:
    order = await garage.ready()
    refused = await garage.act(order, "completion", body=replaced("122"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/odometer/value")
    assert "12 km" in [error["message"] for error in refused.json()["errors"]]


async def test_meter_that_could_not_be_read_ends_at_the_last_good_reading(garage: Garage) -> None:
    order = await garage.ready()
    refused = await garage.act(order, "completion", body=replaced(removed=None))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (
        422,
        "/odometer/meter_replacement/removed",
    )
    await garage.deliver(garage.judged(187_420, garage.clock() - timedelta(days=2)))
    await garage.done(order, "completion", body=replaced(removed=None))
    kept = (await garage.get(f"{order}/snapshot")).json()["snapshot"]["odometer"]["meter_replacement"]
    assert (kept["removed_value"], kept["removed_km"], kept["installed_km"]) == (None, 187_420, 5)


async def test_next_visit_is_judged_by_the_new_meter_whichever_showed_the_last_good_reading(garage: Garage) -> None:
    await garage.deliver(after_replacement(garage, 187_450, offset_km=187_445, sequence=1))  # the old one's
    order = await garage.ready()
    assert (await garage.act(order, "completion", body={"odometer": {"value": "4", "unit": "km"}})).status_code == 422
    await garage.done(order, "completion", body={"odometer": {"value": "7", "unit": "km"}})


@pytest.mark.parametrize(
    "body",
    [
        replaced(removed={"value": "-1", "unit": "km"}),
        replaced(removed={"value": "1e400", "unit": "km"}),
        replaced(installed=None),
        replaced(installed={"value": "5", "unit": "verst"}),
        replaced(installed={"value": float(5), "unit": "km"}),
        replaced(reason=""),
        replaced(reason="с нулём \0 внутри"),
        replaced(offset_km=1),
        replaced(removed=None, override={"reason": "Чего?", "photo_sha256": PHOTO}),
        {"unreadable_reason": "Щиток разбит", "meter_replacement": replaced()["odometer"]["meter_replacement"]},
        {"odometer": {"value": "12", "unit": "km", "meter_replacement": {"reason": "Без показаний"}}},
    ],
    ids=str,
)
async def test_replacement_that_breaks_a_rule_is_refused(garage: Garage, body: dict[str, Any]) -> None:
    order = await garage.ready()
    assert 400 <= (await garage.act(order, "completion", body=body)).status_code < 500
    assert (await garage.order(order))["status"] == "ready"
