from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, event, given, reject
from hypothesis import strategies as st

from owners.domain.errors import ReadingIsEvidence
from owners.domain.odometer.calm import FROM_THE_START, Standing
from owners.domain.odometer.history import OdometerHistory, Outcome
from owners.domain.odometer.reading import Reading
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.odometer.verdict import Judgement, judge
from tests.unit.owners.odometer_cases import FIRST_DAY, reading, readings
from tests.unit.owners.test_odometer_history import AUTHOR, CAR, NOW


def recorded(one: Reading, entry: UUID) -> RecordedReading:
    return RecordedReading(one, "manual", "UTC", AUTHOR, NOW, service_entry_id=entry)


@st.composite
def mostly_calm(draw: st.DrawFn) -> list[Reading]:
    """A car that drives calmly, and trouble of every kind, most of it in the first days."""
    km = draw(st.sampled_from([0, 1_000, 250_000]))
    car = []
    for day in range(draw(st.integers(0, 14))):
        for _ in range(draw(st.integers(0, 2))):
            km += draw(st.sampled_from([0, 1, 40, 40, 300, 1_500]))
            second = draw(st.none() | st.integers(0, 86_399))
            car.append(reading(km, 2 * day, second=second, attested=draw(st.integers(0, 5)) == 0, id=draw(st.uuids())))
    for _ in range(draw(st.integers(0, 3))):
        shown = draw(st.sampled_from([km * 10, km // 10, max(0, km - 200), km + 5_000, km + 60, 1_100_000]))
        day = draw(st.integers(0, 8))
        second = draw(st.none() | st.integers(0, 86_399))
        car.append(reading(shown, day, second=second, attested=draw(st.integers(0, 3)) == 0, id=draw(st.uuids())))
    return [*car, *(one for one in draw(readings(max_size=3)) if not one.replaced and draw(st.integers(0, 3)) == 0)]


@st.composite
def changes(draw: st.DrawFn, car: list[Reading]) -> tuple[list[Reading], list[UUID], list[UUID]]:
    """What is added, and the entries whose reading is replaced by none, or removed."""
    near = [one.km for one in car] or [5_000]
    added = [
        reading(
            max(0, draw(st.sampled_from(near)) + draw(st.sampled_from([0, 1, 30, 300, -20, 20_000]))),
            draw(st.integers(0, 30)),
            second=draw(st.none() | st.integers(0, 86_399)),
            attested=draw(st.integers(0, 5)) == 0,
            id=draw(st.uuids()),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    ids = [one.id for one in car]
    chosen = draw(st.lists(st.sampled_from(ids), unique=True, max_size=2)) if ids else []
    return added, chosen[:1], chosen[1:]


def change(history: OdometerHistory, added: list[Reading], replaced: list[UUID], removed: list[UUID]) -> None:
    """Every reading belongs to an entry of the same id."""
    for one in added:
        history.add(recorded(one, one.id))
    for entry in replaced:
        history.replace(entry, None)
    for entry in removed:
        history.remove(entry)


def around(days: set[date], stored: list[RecordedReading]) -> list[RecordedReading]:
    """What the database would answer: the ok readings of these days and of the days with any next to each."""
    ok = [one for one in stored if one.judgement and one.judgement.verdict == "ok"]
    known = {one.reading.observed_on for one in ok}
    near = days | {max(d for d in known if d < day) for day in days if any(d < day for d in known)}
    near |= {min(d for d in known if d > day) for day in days if any(d > day for d in known)}
    return [one for one in ok if one.reading.observed_on in near]


def by_kind(outcome: Outcome | None) -> object:
    if outcome is None:
        return None
    verdicts = {one.reading.id: one.judgement for one in outcome.changed}
    counts = outcome.reading_count, outcome.doubtful_count, outcome.rollback_count
    return verdicts, set(outcome.removed), outcome.last_ok and outcome.last_ok.reading.id, counts


@given(st.data())
def test_part_of_a_calm_history_is_judged_as_the_whole_would_be(data: st.DataObject) -> None:
    car = data.draw(mostly_calm())
    before = judge(car)
    stored = [recorded(one, one.id)._replace(judgement=before.judgements[one.id]) for one in car]
    assume(before.calm_after is not None)
    added, replaced, removed = data.draw(changes(car))
    whole = OdometerHistory.of(CAR, stored)
    try:
        change(whole, added, replaced, removed)
    except ReadingIsEvidence:
        reject()
    doubtful, back = before.count("suspect", "quarantined"), before.count("rollback")
    standing = Standing(before.calm_after, len(stored), doubtful, back)
    looked_at = [one for one in stored if one.reading.id in {before.last_ok, *replaced, *removed}]
    part = OdometerHistory.part(CAR, looked_at, standing, [*replaced, *removed])
    change(part, added, replaced, removed)
    part.complete(around(set(part.touched), stored), whole=False)
    if not part.stands():
        event("the whole")
        part.complete(stored, whole=True)
    elif added or replaced or removed:
        event("a part" if before.calm_after == FROM_THE_START else "a part after trouble")
    assert by_kind(part.settle()) == by_kind(whole.settle())
    assert part.settled is not None
    if part.standing is not None and standing.calm_after is not None:
        again = judge([one.reading for one in whole.recorded])
        kept = [one.reading for one in whole.recorded if one.reading.observed_on <= standing.calm_after]
        by_itself = judge(kept).judgements
        assert {id_: again.judgements[id_] for id_ in by_itself} == by_itself


def test_trouble_of_long_ago_leaves_the_calm_after_it_to_its_neighbours() -> None:
    car = [reading(1_000 + 40 * day, day) for day in range(20)]
    slip = reading(900_000, 5)
    assert judge(car).calm_after == FROM_THE_START
    assert judge([*car, slip]).calm_after == FIRST_DAY + timedelta(days=7)  # two that outweigh it
    assert judge([*car[:6], slip]).calm_after is None  # nothing follows yet that outweighs it
    attested = slip._replace(attested=True)
    assert judge([*car, attested]).calm_after is None  # all that is below it later speaks of a rollback


def test_part_that_is_not_calm_any_more_says_nothing() -> None:
    car = [reading(1_000 + 40 * day, day) for day in range(9)]
    stored = [recorded(one, one.id)._replace(judgement=Judgement("ok")) for one in car]
    part = OdometerHistory.part(CAR, stored[-1:], Standing(FROM_THE_START, 9, 0, 0), [])
    part.add(recorded(reading(9_000, 4), uuid4()))
    part.complete(around(set(part.touched), stored), whole=False)
    assert not part.stands()
    with pytest.raises(ValueError, match="becomes of the rest"):
        part.settle()
    with pytest.raises(LookupError):
        part.reading_of(car[3].id)
    part.complete(stored, whole=True)
    assert part.reading_of(car[3].id) is not None
    assert part.settle() is not None
