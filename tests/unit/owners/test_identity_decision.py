"""What a moderator may decide about rival claims, over all states that two cars can be in."""

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from owners.domain.car import Car, IdentityStatus
from owners.domain.errors import DomainError, IdentityIsAttested
from owners.domain.identity_decision import IdentityMoved, IdentityTaken, NothingToDecide, Ruling, rule

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
VIN, OTHER = "XTA21099043576182", "XTA21099043576199"
STATUSES: tuple[IdentityStatus, ...] = ("unconfirmed", "confirmed", "disputed", "rejected")


def car(status: IdentityStatus = "unconfirmed", *, attested: bool = True, **details: Any) -> Car:
    made = Car.registered(uuid4(), uuid4(), DETAILS | details, NOW)
    made = made.attested(NOW) if attested else made
    match status:
        case "confirmed" | "disputed":
            return made.identified(confirmed=status == "confirmed", now=NOW)
        case "rejected":
            return made.identified(confirmed=False, now=NOW).ruled(confirmed=False, now=NOW)
        case _:
            return made


DETAILS: dict[str, Any] = {
    "vin": VIN,
    "frame_number": None,
    "plate": None,
    "make": "Lada",
    "model": None,
    "year": None,
    "nickname": None,
    "tags": [],
    "energy_kinds": [],
    "odometer_unit": "km",
    "currency": "RUB",
    "purchase_date": None,
    "purchase_price_minor": None,
    "purchase_currency": None,
    "purchase_odometer_value": None,
    "purchase_odometer_unit": None,
}
# (status, a car that has the identity, ruling): what becomes of the car and of the other one, or what is refused.
OUTCOMES: dict[tuple[IdentityStatus, bool, Ruling], tuple[str, str | None] | type[DomainError]] = {
    ("unconfirmed", False, "confirm"): ("confirmed", None),
    ("unconfirmed", False, "reject"): NothingToDecide,
    ("unconfirmed", True, "confirm"): IdentityTaken,
    ("unconfirmed", True, "reject"): NothingToDecide,
    ("confirmed", False, "confirm"): NothingToDecide,
    ("confirmed", False, "reject"): NothingToDecide,
    ("confirmed", True, "confirm"): NothingToDecide,
    ("confirmed", True, "reject"): NothingToDecide,
    ("disputed", False, "confirm"): ("confirmed", None),
    ("disputed", False, "reject"): NothingToDecide,
    ("disputed", True, "confirm"): ("confirmed", "rejected"),
    ("disputed", True, "reject"): ("rejected", None),
    ("rejected", False, "confirm"): ("confirmed", None),
    ("rejected", False, "reject"): NothingToDecide,
    ("rejected", True, "confirm"): ("confirmed", "rejected"),
    ("rejected", True, "reject"): NothingToDecide,
}


def test_every_state_and_ruling_is_in_the_table() -> None:
    rulings: tuple[Ruling, ...] = ("confirm", "reject")
    assert set(OUTCOMES) == set(product(STATUSES, (False, True), rulings))


@pytest.mark.parametrize(("status", "held", "ruling"), OUTCOMES)
def test_ruling_has_the_outcome_of_the_table(status: IdentityStatus, held: bool, ruling: Ruling) -> None:
    decided, holder = car(status), car("confirmed") if held else None
    assert decided.identity_status == status
    expected = OUTCOMES[status, held, ruling]
    if isinstance(expected, type):
        with pytest.raises(expected):
            rule(decided, holder, ruling, LATER)
        return
    after = rule(decided, holder, ruling, LATER)
    assert (after.car.identity_status, after.loser and after.loser.identity_status) == expected
    for before, changed in ((decided, after.car), (holder, after.loser)):
        if before is not None and changed is not None:
            assert (changed.sequence, changed.version, changed.updated_at) == (
                before.sequence + 1,
                before.version + 1,
                LATER,
            )
            assert changed.identity_disputed_at is None


@pytest.mark.parametrize("ruling", ["confirm", "reject"])
def test_identity_that_went_elsewhere_meanwhile_is_not_decided_about(ruling: Ruling) -> None:
    with pytest.raises(IdentityMoved):
        rule(car("disputed"), car("rejected"), ruling, LATER)


def test_car_without_a_number_has_nothing_to_decide() -> None:
    with pytest.raises(NothingToDecide):
        rule(car(vin=None), None, "confirm", LATER)


def test_dispute_remembers_since_when_and_a_repetition_leaves_it() -> None:
    disputed = car("disputed")
    assert disputed.identity_disputed_at == NOW
    assert disputed.identified(confirmed=True, now=LATER) is disputed


@pytest.mark.parametrize("status", ["unconfirmed", "confirmed", "disputed"])
@pytest.mark.parametrize("change", [{"vin": OTHER}, {"vin": None}, {"frame_number": "NCP310012345"}])
def test_attested_identity_is_fixed(status: IdentityStatus, change: dict[str, Any]) -> None:
    with pytest.raises(IdentityIsAttested):
        car(status).edited(change, LATER)


def test_identity_that_a_moderator_confirmed_is_fixed_before_any_attested_fact() -> None:
    confirmed = rule(car(attested=False), None, "confirm", LATER).car
    assert confirmed.attested_at is None
    with pytest.raises(IdentityIsAttested):
        confirmed.edited({"vin": OTHER}, LATER)
    assert confirmed.edited({"plate": "A1"}, LATER).identity_status == "confirmed"


@pytest.mark.parametrize("anew", [{"vin": OTHER}, {"vin": None, "frame_number": "NCP310012345"}])
def test_rejected_car_is_described_anew_once(anew: dict[str, Any]) -> None:
    rejected = car("rejected")
    assert rejected.edited({"frame_number": "NCP310012345"}, LATER).identity_status == "rejected"
    assert rejected.edited({"vin": None}, LATER).edited({"vin": VIN}, LATER).identity_status == "rejected"
    described = rejected.edited({"vin": None}, LATER).edited(anew, LATER)
    assert described.identity_status == "unconfirmed"
    with pytest.raises(IdentityIsAttested):
        described.edited({"vin": VIN}, LATER)
    assert described.identified(confirmed=True, now=LATER).identity_status == "confirmed"


def test_work_order_with_the_rejected_number_changes_nothing() -> None:
    rejected = car("rejected")
    assert rejected.identified(confirmed=True, now=LATER) is rejected
