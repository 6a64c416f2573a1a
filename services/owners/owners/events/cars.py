"""Cars as other services need them."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from contracts import owners as contract
from owners.domain.car import Car
from owners.domain.transfer import CarTransfer
from owners.events.log import By


def car_registered(car: Car, by: By) -> contract.CarRegistered:
    """A car was added."""
    return contract.CarRegistered(**_car(car, by))


def car_updated(car: Car, by: By) -> contract.CarUpdated:
    """The car after a change."""
    return contract.CarUpdated(**_car(car, by))


def car_archived(car: Car, by: By) -> contract.CarArchived:
    """The car was put away."""
    return contract.CarArchived(**_car(car, by))


def car_transferred(car: Car, transfer: CarTransfer, by: By) -> contract.CarTransferred:
    """The car as its new owner has it."""
    return contract.CarTransferred(**_car(car, by), transfer_id=transfer.id, previous_owner_id=transfer.owner_id)


def car_identity_decided(car: Car, decision_id: UUID, by: By) -> contract.CarIdentityDecided:
    """A moderator confirmed or rejected what the car is known by."""
    outcome: Literal["confirmed", "rejected"] = "confirmed" if car.identity_confirmed else "rejected"
    return contract.CarIdentityDecided(**_car(car, by), decision_id=decision_id, outcome=outcome)


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
