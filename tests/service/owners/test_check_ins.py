"""What an odometer showed when its car came to an appointment."""

from uuid import uuid4

from chassis.consuming import raw_record
from tests.service.owners.amending import checked_in
from tests.service.owners.conftest import Owners, completed


async def test_check_in_is_a_reading_of_the_center_that_nothing_attests(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    event = checked_in(car)
    await owners.deliver(event)
    [reading] = await owners.listed(f"{car}/odometer", anna)
    assert (reading["source"], reading["provenance"], reading["attestation"]) == (
        "appointment_check_in",
        "self_declared",
        None,
    )
    assert (reading["observed_on"], reading["observed_at"], reading["time_zone"]) == (
        "2024-03-15",
        "2024-03-15T06:10:00Z",
        "Asia/Yekaterinburg",
    )
    assert (reading["author_id"], reading["odometer"]["verdict"]) == (str(event.checked_in_by), "ok")
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "187395"
    [judged] = await owners.events("owners.record")
    assert (judged["type"], judged["last_ok"]["source"]) == ("owners.odometer.judged", "appointment_check_in")


async def test_check_in_without_a_reading_leaves_none(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    before = await owners.checksums()
    outcome = await owners.deliver(checked_in(car, "odometer-not-read"))
    assert outcome.applied == 1
    assert await owners.checksums() == before


async def test_an_appointment_has_one_reading_however_often_it_is_told(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    event = checked_in(car)
    await owners.deliver(event, event, raw_record(event), checked_in(car, appointment_id=str(event.appointment_id)))
    await owners.execute("TRUNCATE inbox")
    before = await owners.checksums()
    await owners.deliver(*owners.delivered)
    assert await owners.checksums() == before
    assert len(await owners.listed(f"{car}/odometer", anna)) == 1


async def test_check_in_is_judged_beside_the_others_and_weighs_less_than_the_work_order(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(checked_in(car, odometer={"value": "1873950", "unit": "km"}), completed(car))
    verdicts = {one["source"]: one["odometer"]["verdict"] for one in await owners.listed(f"{car}/odometer", anna)}
    assert verdicts == {"appointment_check_in": "quarantined", "work_order": "ok"}


async def test_bad_check_ins_are_dead_letters_and_take_nobody_with_them(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    bad = [
        checked_in(f"/v1/cars/{uuid4()}"),
        checked_in(car, odometer={"value": "-1", "unit": "km"}),
        checked_in(car, time_zone="Atlantis/Capital"),
    ]
    await owners.deliver(checked_in(car), *bad, checked_in(car), dead=3)
    assert len(await owners.listed(f"{car}/odometer", anna)) == 2
