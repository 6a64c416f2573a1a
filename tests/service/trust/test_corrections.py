"""What trust keeps of accepted corrections, and of cars at their appointments."""

from contracts.corrections import CorrectionAccepted
from contracts.owners import ServiceEntryChanged, ServiceEntryRecorded
from contracts.sto import AppointmentCheckedIn
from tests.service.trust.conftest import Trust
from tests.service.trust.test_completion import completed
from tests.support.golden import golden


async def test_correction_and_check_in_are_audited_and_stand_in_the_timeline_without_amounts(trust: Trust) -> None:
    await trust.deliver(
        completed(),
        golden(CorrectionAccepted, "total-lowered"),
        golden(AppointmentCheckedIn, "odometer-read"),
    )
    actions = await trust.rows("SELECT action FROM audit_row ORDER BY height")
    assert [row.action for row in actions] == [
        "workorders.workorder.completed.v1",
        "workorders.correction.accepted.v1",
        "sto.appointment.checked-in.v1",
    ]
    rows = await trust.rows("SELECT kind, details, private FROM engagement_event WHERE kind <> 'work_order_completed'")
    told = {row.kind: (row.details, row.private) for row in rows}
    assert told["work_order_amended"] == (
        {"number": 118, "center_name": "СТО «Уральский мотор»", "revision": 2, "kind": "money"},
        False,
    )
    assert set(told["appointment_checked_in"][0]) == {"appointment_id", "center_name"}
    record = await trust.value("SELECT convert_from(record, 'UTF8') FROM audit_row WHERE action LIKE '%correction%'")
    assert golden(CorrectionAccepted, "total-lowered").amendment_sha256 in record
    assert "921100" not in record


async def test_voided_service_is_no_part_of_the_history_that_is_scored(trust: Trust) -> None:
    recorded = golden(ServiceEntryRecorded, "attested")
    await trust.deliver(completed(), recorded)
    assert await trust.value("SELECT count(*) FROM history_entry WHERE NOT removed") == 1
    amended = golden(ServiceEntryChanged, "voided", entry_id=str(recorded.entry_id), voided=False)
    await trust.deliver(amended)
    kept = await trust.rows("SELECT work_order_id, proven FROM history_entry WHERE NOT removed")
    assert recorded.attestation is not None
    assert [tuple(row) for row in kept] == [(recorded.attestation.work_order_id, True)]
    await trust.deliver(golden(ServiceEntryChanged, "voided", entry_id=str(recorded.entry_id), sequence=12))
    assert await trust.value("SELECT count(*) FROM history_entry WHERE NOT removed") == 0
    before = await trust.checksums()
    await trust.redeliver_everything_with_an_empty_inbox()
    assert await trust.checksums() == before
