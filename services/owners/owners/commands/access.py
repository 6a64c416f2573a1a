"""Whether the caller may do something with a car. Every command about a car begins with one of these."""

from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound
from owners.db.access import role_of_caller
from owners.db.cars import find_car, lock_car
from owners.domain.access import CarPerson, CarRole, NotPermitted, Right
from owners.domain.car import Car


async def demand(tx: Transaction, car_id: UUID, caller_id: UUID, right: Right) -> CarPerson:
    """The caller as a person of this car, which is not locked.

    Raises NotFound (404) for a car that the caller does not see, NotPermitted (403) without the right.
    """
    car = await find_car(tx, car_id)
    if car is None:
        raise NotFound
    return await _demand(tx, car, caller_id, right)


async def lock_car_for(tx: Transaction, car_id: UUID, caller_id: UUID, right: Right) -> tuple[Car, CarPerson]:
    """The locked car and the caller as a person of it; raises like `demand`.

    The role is looked up under the lock, for which a revocation waits as well: what was revoked first does nothing.
    """
    car = await lock_car(tx, car_id)
    if car is None:
        person = await demand(tx, car_id, caller_id, right)  # who only reads a car cannot lock it
        if person.role == "former_owner":
            raise NotPermitted("This is the copy of your own time with the car: it can be read, not changed.")
        raise NotFound
    return car, await _demand(tx, car, caller_id, right)


async def _demand(tx: Transaction, car: Car, caller_id: UUID, right: Right) -> CarPerson:
    role: CarRole | None = "former_owner" if car.ended_on else "owner"
    if car.owner_id != caller_id:
        role = await role_of_caller(tx, car.id)
    if role is None:
        raise NotFound
    person = CarPerson(caller_id, role)
    person.demand(right)
    return person
