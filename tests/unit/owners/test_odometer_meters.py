import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.fuel.changes import accepted
from owners.domain.odometer.history import OdometerHistory
from owners.domain.odometer.meter import MeterReplacement, Meters
from owners.domain.odometer.reading import Reading
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.odometer.verdict import Judgement, judge
from owners.domain.records import Attestation
from tests.unit.owners.odometer_cases import EVENING, FIRST_DAY, reading, readings, replacement, replacements

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CAR, AUTHOR = uuid4(), uuid4()


def verdicts(car: list[Reading], *replaced: MeterReplacement) -> list[str]:
    judged = judge(car, replaced)
    return [judged.judgements[one.id].verdict for one in car]


def totals(car: list[Reading], *replaced: MeterReplacement) -> list[int]:
    judged = judge(car, replaced)
    return [one.km + judged.judgements[one.id].offset_km for one in car]


def recorded(one: Reading, *, attestation: Attestation | None = None, removed_meter: bool = False) -> RecordedReading:
    return RecordedReading(
        one, "manual", "UTC", AUTHOR, NOW, attestation=attestation, removed_meter=removed_meter, fuel_entry_id=one.id
    )


def at_handover(km: int, day: int, *, second: int = EVENING) -> Reading:
    return reading(km, day, second=second, attested=True)


def test_new_meter_goes_on_from_where_the_old_one_ended() -> None:
    car = [reading(180_000, 0, attested=True), reading(187_400, 60, attested=True), at_handover(12, 60)]
    car += [reading(900, 90), reading(1_800, 120)]
    assert verdicts(car, replacement(187_400, 5, 60)) == ["ok"] * 5
    assert totals(car, replacement(187_400, 5, 60)) == [180_000, 187_400, 187_407, 188_295, 189_195]
    assert judge(car, [replacement(187_400, 5, 60)]).last_ok == car[-1].id
    assert verdicts(car)[-3:] == ["rollback"] * 3


def test_several_replacements_add_up() -> None:
    replaced = replacement(100_000, 0, 10), replacement(20_000, 50, 40)
    car = [at_handover(100_000, 9), at_handover(10, 11), at_handover(19_900, 39), at_handover(150, 50)]
    assert totals(car, *replaced) == [100_000, 100_010, 119_900, 120_100]
    assert judge(car, replaced).offset_km == 119_950


def test_used_meter_that_shows_more_does_not_make_the_car_older() -> None:
    car = [at_handover(60_000, 0), at_handover(141_010, 10), reading(142_000, 30)]
    assert totals(car, replacement(60_500, 141_000, 10)) == [60_000, 60_510, 61_500]
    assert verdicts(car, replacement(60_500, 141_000, 10)) == ["ok"] * 3


def test_readings_typed_later_at_an_earlier_date_are_of_the_old_meter() -> None:
    car = [reading(186_000, 58), at_handover(12, 60), reading(185_000, 50)]
    assert totals(car, replacement(187_400, 5, 60)) == [186_000, 187_407, 185_000]


@pytest.mark.parametrize(
    ("km", "second", "total"),
    [
        (187_380, None, 187_380),  # near what the old one ended at
        (9, None, 187_404),  # near what the new one began at
        (187_395, 30_000, 187_395),  # in the morning, on the old one
        (11, EVENING - 60, 187_406),  # handed over before it was written down
        (14, EVENING + 60, 187_409),  # after the hand-over there is but one
        (150_000, EVENING + 60, 337_395),
    ],
)
def test_reading_of_the_day_of_a_replacement_is_of_the_meter_whose_end_or_beginning_is_nearer(
    km: int, second: int | None, total: int
) -> None:
    assert totals([reading(km, 60, second=second)], replacement(187_400, 5, 60)) == [total]


def test_of_two_ends_as_near_the_old_meter_it_is() -> None:
    assert totals([reading(100, 60)], replacement(150, 50, 60)) == [100]


def test_two_meters_in_one_day_have_a_meter_between_them() -> None:
    replaced = replacement(90_000, 0, 5, second=30_000), replacement(40, 1_000, 5)
    between, old, new = reading(20, 5), reading(89_990, 5), reading(1_010, 5)
    assert totals([between, old, new], *replaced) == [90_020, 89_990, 90_050]


def test_of_a_meter_that_is_long_in_use_only_its_end_counts() -> None:
    replaced = replacement(100_000, 0, 0), replacement(50_000, 0, 30)
    assert totals([reading(100, 30), reading(49_900, 30)], *replaced) == [150_100, 149_900]


def test_instants_count_before_dates_where_a_car_crosses_time_zones() -> None:
    one = replacement(187_400, 5, 60)
    later = reading(187_390, 61, second=0)._replace(observed_at=one.replaced_at - timedelta(hours=1))
    earlier = reading(20, 59, second=0)._replace(observed_at=one.replaced_at + timedelta(hours=1))
    assert totals([later, earlier], one) == [187_390, 187_415]


def test_candidates_are_what_the_new_meter_would_have_shown() -> None:
    car = [at_handover(12, 60), reading(900, 90), reading(18_000, 120), reading(1_900, 125)]
    judged = judge(car, [replacement(187_400, 5, 60)])
    assert judged.judgements[car[2].id].verdict == "quarantined"
    assert judged.judgements[car[2].id].candidates_km[0] == 1_800


def test_new_meter_turned_back_is_a_rollback_as_well() -> None:
    car = [at_handover(12, 0), at_handover(9_000, 100), reading(4_000, 120), reading(4_200, 130)]
    assert verdicts(car, replacement(187_400, 5, 0))[2:] == ["rollback", "rollback"]


def test_only_a_replacement_that_came_before_the_low_readings_explains_them() -> None:
    car = [reading(200_000, 0, attested=True), reading(120_000, 10), reading(120_400, 20)]
    assert verdicts(car, replacement(200_000, 119_900, 9)) == ["ok", "ok", "ok"]
    assert verdicts(car, replacement(120_500, 0, 30))[1:] == ["rollback", "rollback"]


def test_work_order_and_revision_replace_one_meter_and_attest_one_reading_of_each() -> None:
    order = Attestation(uuid4(), uuid4(), 1, "0" * 64)
    one = replacement(187_400, 5)._replace(attestation=order)
    history = OdometerHistory.of(CAR, [])
    assert history.replace_meter(one)
    assert not history.replace_meter(one._replace(id=uuid4()))
    assert history.add(recorded(at_handover(12, 0), attestation=order))
    assert history.add(recorded(reading(187_400, 0, attested=True), attestation=order, removed_meter=True))
    assert not history.add(recorded(reading(187_400, 0, attested=True), attestation=order, removed_meter=True))
    assert not history.add(recorded(at_handover(12, 0), attestation=order))
    outcome = history.settle()
    assert outcome is not None
    assert (outcome.replacements, outcome.offset_km) == ((one,), 187_395)
    again = OdometerHistory.of(CAR, outcome.changed, outcome.replacements)
    assert not again.replace_meter(one)
    assert again.settle() is None


def test_fills_are_accepted_at_what_all_meters_counted() -> None:
    car = [reading(187_000, 50), reading(300, 70), reading(900_000, 80)]
    history = OdometerHistory.of(CAR, map(recorded, car), [replacement(187_400, 5, 60)])
    outcome = history.settle()
    assert outcome is not None
    assert accepted(outcome.changed) == {car[0].id: 187_000, car[1].id: 187_695, car[2].id: None}


@given(readings(), replacements(), st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_the_order_of_readings_and_replacements(
    car: list[Reading], replaced: list[MeterReplacement], shuffler: random.Random
) -> None:
    expected = judge(car, replaced)
    shuffled, replaced_too = list(car), list(replaced)
    shuffler.shuffle(shuffled)
    shuffler.shuffle(replaced_too)
    assert judge(shuffled, replaced_too) == expected
    assert expected.last_ok is None or expected.judgements[expected.last_ok].verdict == "ok"


@given(readings(), replacements(), st.randoms(use_true_random=False))
def test_judging_one_by_one_ends_like_judging_all_at_once(
    car: list[Reading], replaced: list[MeterReplacement], shuffler: random.Random
) -> None:
    known = {one.id: one for one in car if not one.replaced}
    meters = {one.id: one for one in replaced}
    arrivals: list[Reading | MeterReplacement] = [*known.values(), *meters.values()]
    shuffler.shuffle(arrivals)
    stored: dict[UUID, RecordedReading] = {}
    there: list[MeterReplacement] = []
    for one in arrivals:
        history = OdometerHistory.of(CAR, stored.values(), there)
        if isinstance(one, Reading):
            assert history.add(recorded(one))
        else:
            assert history.replace_meter(one)
            there.append(one)
        outcome = history.settle()
        stored |= {changed.reading.id: changed for changed in outcome.changed} if outcome else {}
    expected = judge(list(known.values()), list(meters.values())).judgements
    assert {id_: one.judgement for id_, one in stored.items()} == expected


@given(readings())
def test_one_meter_for_ever_offsets_nothing(car: list[Reading]) -> None:
    same = replacement(70_000, 70_000, 15)
    judged = judge(car, [same])
    assert judged == judge(car)
    assert Meters.of([same]).offset_km == 0


@given(readings(), st.integers(0, 300_000))
def test_zeroing_the_meter_after_the_last_day_and_before_the_first_changes_no_verdict(
    car: list[Reading], removed: int
) -> None:
    before, after = judge(car), judge(car, [replacement(removed, 0, 31)])
    assert after.judgements == before.judgements
    assert after.offset_km == removed


@given(readings())
def test_every_believed_total_is_one_that_a_single_meter_could_have_shown(car: list[Reading]) -> None:
    replaced = [replacement(120_000, 0, 10), replacement(30_000, 10, 20)]
    judged = judge(car, replaced)
    believed = [
        (one.observed_on, one.km + judged.judgements[one.id].offset_km)
        for one in car
        if judged.judgements[one.id].verdict == "ok"
    ]
    for on, km in believed:
        assert 0 <= km <= 1_000_000
        assert all(km <= later for day, later in believed if day > on)
    assert all(on >= FIRST_DAY for on, _ in believed)


def test_voided_order_takes_its_replacement_and_both_of_its_readings_along() -> None:
    replaced = replacement(187_400, 5, 60)
    attestation = replaced.attestation
    history = OdometerHistory.of(CAR, [recorded(reading(187_300, 50))])
    history.replace_meter(replaced)
    history.add(recorded(at_handover(187_400, 59), attestation=attestation, removed_meter=True))
    history.add(recorded(at_handover(12, 60), attestation=attestation))
    own = recorded(reading(188_000, 90))
    history.add(own)
    history.settle()
    assert history.get(own.reading.id).total_km > 300_000
    assert history.amend(attestation.work_order_id, None)
    history.settle()
    assert (history.get(own.reading.id).total_km, history.get(own.reading.id).judgement) == (188_000, Judgement("ok"))
    assert not history.replace_meter(replaced)  # told again, it stays void


def test_amended_reading_at_handover_leaves_the_replacement_in_force() -> None:
    replaced = replacement(187_400, 5, 60)
    attestation = replaced.attestation
    history = OdometerHistory.of(CAR, ())
    history.replace_meter(replaced)
    last = recorded(at_handover(187_400, 59), attestation=attestation, removed_meter=True)
    wrong = recorded(at_handover(120, 60), attestation=attestation)
    right = recorded(at_handover(12, 60), attestation=attestation._replace(revision=2))
    for one in (last, wrong, right):
        history.add(one)
    assert history.amend(attestation.work_order_id, 2)
    history.settle()
    told = [history.get(one.reading.id).judgement for one in (last, wrong, right)]
    assert [one.verdict for one in told if one] == ["ok", "replaced", "ok"]
    assert history.get(right.reading.id).total_km == 187_407
