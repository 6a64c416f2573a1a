"""From this service's facts to the events of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import batched
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from contracts import owners as contract
from contracts.event import Actor, Role
from owners.domain.access import CarPerson, CarRole
from owners.domain.car import Car
from owners.domain.odometer.history import Outcome, RecordedReading
from owners.domain.records import Attestation, Expense, ServiceEntry
from owners.domain.user import User

MAX_CHANGED: Final = 500
"""Verdicts in one event, by contract."""
_CAPACITIES: Final[Mapping[CarRole, Role]] = MappingProxyType(
    {"owner": "car_owner", "manager": "car_manager", "driver": "car_driver", "viewer": "user"}
)
_SYSTEM: Final = Actor(user_id=None, role="system")


class By(NamedTuple):
    """Who did something, and when."""

    actor: Actor
    at: datetime

    @classmethod
    def owner(cls, user_id: UUID, at: datetime) -> Self:
        """A car's owner, about the own car."""
        return cls(Actor(user_id=user_id, role="car_owner"), at)

    @classmethod
    def person(cls, person: CarPerson, at: datetime) -> Self:
        """Somebody with a role in a car, about that car."""
        return cls(Actor(user_id=person.user_id, role=_CAPACITIES[person.role]), at)

    @classmethod
    def user(cls, user_id: UUID, at: datetime) -> Self:
        """A person, about themselves."""
        return cls(Actor(user_id=user_id, role="user"), at)

    @classmethod
    def system(cls, at: datetime) -> Self:
        """The rules of this service."""
        return cls(_SYSTEM, at)


class RecordLog:
    """Numbers the events of one car's history, while its row is locked."""

    def __init__(self, car: Car) -> None:
        self.sequence = car.record_sequence
        self._car = car

    def next(self, by: By) -> dict[str, Any]:
        """The fields that every event of the history begins with."""
        self.sequence += 1
        return {
            "sequence": self.sequence,
            "occurred_at": by.at,
            "actor": by.actor,
            "car_id": self._car.id,
            "owner_id": self._car.owner_id,
        }


def user_registered(user: User, by: By) -> contract.UserRegistered:
    """Somebody is here for the first time."""
    return contract.UserRegistered(**_user(user, by))


def user_updated(user: User, by: By) -> contract.UserUpdated:
    """The settings after a change."""
    return contract.UserUpdated(**_user(user, by))


def user_erased(user: User, by: By) -> contract.UserErased:
    """The person is gone."""
    return contract.UserErased(sequence=user.sequence, occurred_at=by.at, actor=by.actor, user_id=user.id)


def profile_updated(user: User, by: By) -> contract.ProfileUpdated:
    """The name."""
    return contract.ProfileUpdated(
        sequence=user.profile_sequence,
        occurred_at=by.at,
        actor=by.actor,
        user_id=user.id,
        display_name=user.display_name or "",
    )


def car_registered(car: Car, by: By) -> contract.CarRegistered:
    """A car was added."""
    return contract.CarRegistered(**_car(car, by))


def car_updated(car: Car, by: By) -> contract.CarUpdated:
    """The car after a change."""
    return contract.CarUpdated(**_car(car, by))


def car_archived(car: Car, by: By) -> contract.CarArchived:
    """The car was put away."""
    return contract.CarArchived(**_car(car, by))


def service_entry_recorded(
    log: RecordLog, entry: ServiceEntry, reading: RecordedReading | None, by: By
) -> contract.ServiceEntryRecorded:
    """A service was entered or attested."""
    return contract.ServiceEntryRecorded(
        **log.next(by), **_entry(entry, reading), attestation=_attestation(entry.attestation)
    )


def service_entry_changed(
    log: RecordLog, entry: ServiceEntry, reading: RecordedReading | None, by: By
) -> contract.ServiceEntryChanged:
    """A service entry after an edit."""
    return contract.ServiceEntryChanged(**log.next(by), **_entry(entry, reading))


def service_entry_removed(log: RecordLog, entry: ServiceEntry, by: By) -> contract.ServiceEntryRemoved:
    """A service entry is gone."""
    return contract.ServiceEntryRemoved(**log.next(by), provenance=entry.provenance, entry_id=entry.id)


def expense_recorded(log: RecordLog, expense: Expense, by: By) -> contract.ExpenseRecorded:
    """An expense was entered, or came with a service."""
    return contract.ExpenseRecorded(
        **log.next(by),
        **_expense(expense),
        service_entry_id=expense.service_entry_id,
        attestation=_attestation(expense.attestation),
    )


def expense_changed(log: RecordLog, expense: Expense, by: By) -> contract.ExpenseChanged:
    """An expense after an edit."""
    return contract.ExpenseChanged(**log.next(by), **_expense(expense))


def expense_removed(log: RecordLog, expense: Expense, by: By) -> contract.ExpenseRemoved:
    """An expense is gone."""
    return contract.ExpenseRemoved(**log.next(by), provenance=expense.provenance, expense_id=expense.id)


def odometer_judged(log: RecordLog, outcome: Outcome, by: By) -> Iterator[contract.OdometerJudged]:
    """What changed in the odometer's history; several events when the contract's limit asks for them.

    Doubtful readings, suspect and quarantined alike, are counted as suspect. The provenance is that of the reading
    which led to the judgement, if it is new.
    """
    attested = any(one.reading.attested for one in outcome.new)
    removed = outcome.removed
    verdicts = {one.reading.id: _verdict(one) for one in outcome.changed}
    last = outcome.last_ok
    last_ok = None if last is None else verdicts.get(last.reading.id) or _verdict(last)
    for changed in list(batched(verdicts.values(), MAX_CHANGED)) or [()]:
        yield contract.OdometerJudged(
            **log.next(by),
            provenance="attested" if attested else "self_declared",
            changed=changed,
            removed_reading_ids=removed,
            last_ok=last_ok,
            reading_count=outcome.reading_count,
            suspect_count=outcome.doubtful_count,
            rollback_count=outcome.rollback_count,
        )
        removed = ()


def _user(user: User, by: By) -> dict[str, Any]:
    return {
        "sequence": user.sequence,
        "occurred_at": by.at,
        "actor": by.actor,
        "user_id": user.id,
        "locale": user.locale,
        "time_zone": user.time_zone,
        "currency": user.currency,
        "distance_unit": user.distance_unit,
        "volume_unit": user.volume_unit,
    }


def _car(car: Car, by: By) -> dict[str, Any]:
    return {
        "sequence": car.sequence,
        "occurred_at": by.at,
        "actor": by.actor,
        "car_id": car.id,
        "owner_id": car.owner_id,
        "vin": car.vin,
        "frame_number": car.frame_number,
        "identity_confirmed": car.identity_confirmed,
        "plate": car.plate,
        "make": car.make,
        "model": car.model,
        "year": car.year,
        "energy_kinds": tuple(car.energy_kinds),
        "odometer_unit": car.odometer_unit,
        "currency": car.currency,
        "archived": car.archived_at is not None,
    }


def _entry(entry: ServiceEntry, reading: RecordedReading | None) -> dict[str, Any]:
    return {
        "provenance": entry.provenance,
        "entry_id": entry.id,
        "service_date": entry.service_date.isoformat(),
        "odometer_km": None if reading is None else reading.reading.km,
        "titles": entry.titles,
        "has_attachment": False,
    }


def _expense(expense: Expense) -> dict[str, Any]:
    return {
        "provenance": expense.provenance,
        "expense_id": expense.id,
        "expense_date": expense.expense_date.isoformat(),
        "category": expense.category,
        "amount_minor": expense.amount_minor,
        "currency": expense.currency,
    }


def _attestation(attestation: Attestation | None) -> contract.Attestation | None:
    if attestation is None:
        return None
    return contract.Attestation(
        center_id=attestation.center_id,
        work_order_id=attestation.work_order_id,
        snapshot_sha256=attestation.snapshot_sha256,
    )


def _verdict(one: RecordedReading) -> contract.ReadingVerdict:
    if one.judgement is None:
        raise ValueError("a reading is judged before it is published")
    return contract.ReadingVerdict(
        reading_id=one.reading.id,
        source=one.source,
        provenance=one.provenance,
        value=format(one.reading.value, "f"),
        unit=one.reading.unit,
        km=one.reading.km,
        observed_on=one.reading.observed_on.isoformat(),
        observed_at=one.reading.observed_at,
        verdict=one.judgement.verdict,
        candidates_km=one.judgement.candidates_km,
    )
