from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given

from owners.domain.errors import ReadingIsEvidence
from owners.domain.odometer.history import OdometerHistory
from owners.domain.odometer.reading import Reading
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.odometer.verdict import judge
from owners.domain.records import Attestation
from tests.unit.owners.odometer_cases import reading, readings

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CAR, AUTHOR = uuid4(), uuid4()


def recorded(one: Reading, *, entry: UUID | None = None, attestation: Attestation | None = None) -> RecordedReading:
    return RecordedReading(one, "manual", "UTC", AUTHOR, NOW, service_entry_id=entry, attestation=attestation)


@given(readings())
def test_judging_reading_by_reading_ends_like_judging_all_at_once(car: list[Reading]) -> None:
    known = {one.id: one for one in car if not one.replaced}
    stored: dict[UUID, RecordedReading] = {}
    for one in known.values():
        history = OdometerHistory.of(CAR, stored.values())
        history.add(recorded(one))
        outcome = history.settle()
        assert outcome is not None
        stored |= {changed.reading.id: changed for changed in outcome.changed}
        assert outcome.reading_count == len(stored)
    assert {id_: one.judgement for id_, one in stored.items()} == judge(list(known.values())).judgements


def test_history_in_which_nothing_changes_has_no_outcome() -> None:
    history = OdometerHistory.of(CAR, [])
    assert history.settle() is None
    history.add(recorded(reading(5)))
    first = history.settle()
    assert first is not None
    assert OdometerHistory.of(CAR, first.changed).settle() is None


def test_work_order_and_revision_attest_one_reading() -> None:
    order = Attestation(uuid4(), uuid4(), 1, "0" * 64)
    history = OdometerHistory.of(CAR, [])
    assert history.add(recorded(reading(5, attested=True), attestation=order))
    assert not history.add(recorded(reading(9, attested=True), attestation=order))
    assert history.add(recorded(reading(9, attested=True), attestation=order._replace(revision=2)))


def test_replaced_reading_stays_and_removed_ones_go() -> None:
    entry = uuid4()
    history = OdometerHistory.of(CAR, [])
    history.add(recorded(reading(5), entry=entry))
    history.replace(entry, recorded(reading(7), entry=entry))
    outcome = history.settle()
    assert outcome is not None
    assert sorted(one.judgement.verdict for one in outcome.changed if one.judgement) == ["ok", "replaced"]
    assert (outcome.reading_count, outcome.last_ok and outcome.last_ok.reading.km) == (1, 7)
    later = OdometerHistory.of(CAR, outcome.changed)
    later.remove(entry)
    gone = later.settle()
    assert gone is not None
    assert (len(gone.removed), gone.last_ok, gone.reading_count) == (2, None, 0)


def test_proof_of_a_rollback_is_neither_replaced_nor_removed() -> None:
    entry = uuid4()
    history = OdometerHistory.of(CAR, [])
    history.add(recorded(reading(200_000, attested=True)))
    history.add(recorded(reading(90_000, 5), entry=entry))
    history.add(recorded(reading(90_100, 9)))
    outcome = history.settle()
    assert outcome is not None
    assert (outcome.rollback_count, outcome.doubtful_count) == (2, 0)
    with pytest.raises(ReadingIsEvidence):
        history.replace(entry, None)
    with pytest.raises(ReadingIsEvidence):
        history.remove(entry)
