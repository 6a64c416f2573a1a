

from tests.service.workorders.garage import READING, Garage


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
