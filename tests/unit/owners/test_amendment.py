"""What of a service is in force after its amendments: a function of their set, not of the order they came in."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.amendment import Amendment, Billed, Correction, InForce, Party, WrongEntry, in_force, latest_bill
from owners.domain.completion import MeasuredOdometer
from owners.domain.odometer.history import OdometerHistory
from owners.domain.odometer.verdict import judge
from owners.domain.records import Attestation, Line, ServiceEntry
from tests.unit.owners.odometer_cases import reading
from tests.unit.owners.test_odometer_history import recorded

NOW = datetime(2026, 3, 16, 8, tzinfo=UTC)
ORDER, CENTER, CAR, OWNER = uuid4(), uuid4(), uuid4(), uuid4()
SHA = "a" * 64
PARTY = Party(uuid4(), "manager")
ENTRY = ServiceEntry(
    id=uuid4(),
    car_id=CAR,
    owner_id=OWNER,
    service_date=date(2026, 3, 15),
    time_zone="Asia/Yekaterinburg",
    vendor="СТО",
    lines=(Line("Масло", "fluid", 900),),
    currency="RUB",
    cost_minor=900,
    next_due_km=None,
    next_due_months=12,
    note=None,
    author_id=uuid4(),
    attestation=Attestation(CENTER, ORDER, 1, SHA),
    work_order_number=1,
    created_at=NOW,
    updated_at=NOW,
    version=1,
)


def correction(kind: Any, revision: int = 2, amount: int = 0, km: int | None = None, **changes: Any) -> Correction:
    billed = Billed((Line(f"x{amount}", "other", amount),), amount, "RUB", amount + 1, None)
    odometer = None if km is None else MeasuredOdometer(str(km), "km", NOW - timedelta(hours=2))
    made = Correction(
        car_id=CAR,
        center_id=CENTER,
        work_order_id=ORDER,
        revision=revision,
        correction_id=uuid4(),
        kind=kind,
        reason="r",
        billed=billed if kind in ("work", "money") else None,
        odometer=odometer,
        time_zone="Asia/Yekaterinburg",
        proposed=PARTY,
        accepted=PARTY,
        accepted_at=NOW,
        snapshot_sha256=SHA,
        amendment_sha256="b" * 64,
        occurred_at=NOW,
    )
    return made._replace(**changes)


def amendment(kind: Any, revision: int, amount: int = 0) -> Amendment:
    return correction(kind, revision, amount).amendment(uuid4(), ENTRY)


@st.composite
def corrections(draw: st.DrawFn) -> list[Correction]:
    kinds = draw(st.lists(st.sampled_from(["work", "money", "odometer", "odometer", "void"]), max_size=6))
    made = []
    for revision, kind in enumerate(kinds, start=2):
        km = draw(st.none() | st.integers(0, 300_000)) if kind == "odometer" else None
        made.append(correction(kind, revision, draw(st.integers(0, 10**9)), km))
    return made


@given(corrections(), st.randoms())
def test_what_is_in_force_does_not_depend_on_the_order(made: list[Correction], chance: Any) -> None:
    amendments = [one.amendment(uuid4(), ENTRY) for one in made]
    expected = in_force(ENTRY, amendments)
    chance.shuffle(amendments)
    assert in_force(ENTRY, amendments) == expected
    if any(one.kind == "void" for one in made):
        assert (expected.voided, expected.entry.cost_minor, expected.reading_revision) == (True, 0, None)
    else:
        billed = [one.cost_minor for one in sorted(amendments, key=lambda one: one.revision) if one.lines is not None]
        assert expected.entry.cost_minor == (billed[-1] if billed else ENTRY.cost_minor)


@given(corrections(), st.randoms())
def test_verdicts_do_not_depend_on_the_order_and_equal_those_of_a_rebuild(made: list[Correction], chance: Any) -> None:
    own = [recorded(reading(km, day)) for km, day in ((120_000, 3), (90_000, 9), (90_500, 12), (151_000, 30))]
    readings = {one.revision: one.reading(uuid4(), ENTRY) for one in made}
    original = recorded(reading(150_000, attested=True), entry=ENTRY.id, attestation=ENTRY.attestation)
    known: list[Correction] = []
    history = OdometerHistory.of(CAR, [])
    steps: list[Any] = [*own, *made]
    chance.shuffle(steps)
    history.add(original)
    for step in steps:
        if isinstance(step, Correction):
            known.append(step)
            if (corrected := readings[step.revision]) is not None:
                history.add(corrected)
            history.amend(ORDER, in_force(ENTRY, [one.amendment(uuid4(), ENTRY) for one in known]).reading_revision)
        else:
            history.add(step)
        history.settle()
    kept = in_force(ENTRY, [one.amendment(uuid4(), ENTRY) for one in made]).reading_revision
    whole = {1: original} | {revision: one for revision, one in readings.items() if one is not None}
    set_of = [one.reading for one in own]
    set_of += [one.reading._replace(replaced=revision != kept) for revision, one in whole.items()]
    judged = judge(set_of).judgements
    assert {one.id: history.get(one.id).judgement for one in set_of} == judged


def test_an_amended_reading_is_attested_by_the_same_order_where_the_car_was() -> None:
    made = correction("odometer", 3, km=184_720).reading(uuid4(), ENTRY)
    assert made is not None
    assert (made.source, made.provenance, made.service_entry_id, made.owner_id) == (
        "work_order",
        "attested",
        ENTRY.id,
        OWNER,
    )
    assert made.attestation == Attestation(CENTER, ORDER, 3, SHA)
    assert (made.reading.value, made.reading.observed_on) == (Decimal(184_720), date(2026, 3, 16))


def test_amendment_of_the_reading_alone_leaves_lines_and_cost() -> None:
    assert in_force(ENTRY, [amendment("odometer", 2)]) == InForce(ENTRY, voided=False, reading_revision=2)
    assert in_force(ENTRY, []) == InForce(ENTRY, voided=False, reading_revision=1)
    assert latest_bill([amendment("odometer", 2)]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"snapshot_sha256": "c" * 64},
        {"car_id": UUID(int=1)},
        {"billed": Billed((), 1, "EUR", None, None)},
    ],
)
def test_correction_that_cannot_be_meant_for_the_entry_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WrongEntry):
        correction("money", **changes).amendment(uuid4(), ENTRY)
    with pytest.raises(WrongEntry):
        correction("money").amendment(uuid4(), ENTRY._replace(attestation=None))


def test_amendment_replaces_even_what_shows_a_rollback() -> None:
    history = OdometerHistory.of(CAR, [])
    history.add(recorded(reading(200_000, 1, attested=True)))
    history.add(recorded(reading(90_000, 5, attested=True), entry=ENTRY.id, attestation=ENTRY.attestation))
    history.add(recorded(reading(90_100, 9)))
    outcome = history.settle()
    assert outcome is not None
    assert outcome.rollback_count == 2
    assert history.amend(ORDER, None)
    cleared = history.settle()
    assert cleared is not None
    assert cleared.rollback_count == 0
    assert not history.amend(ORDER, None)
