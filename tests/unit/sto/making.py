"""Domain objects for tests, with every field that a test does not care about filled in."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sto.domain.center import Address, CenterProfile, GeoPoint, ServiceCenter
from sto.domain.employee import Employee
from sto.domain.link import CarLink, LinkedCar
from sto.domain.permissions import StaffRole

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

PROFILE = CenterProfile(
    name="Гараж на Ленина",
    address=Address(city="Тверь", street="Ленина, 4", postal_code="170000"),
    location=GeoPoint(latitude=56.8587, longitude=35.9176),
    phones=("+74822123456",),
    specialities=("brakes", "maintenance"),
    makes=(),
    time_zone="Europe/Moscow",
    currency="RUB",
    prices_include_tax=True,
)


def a_center(**changes: Any) -> ServiceCenter:
    center = ServiceCenter(
        id=uuid4(),
        profile=PROFILE,
        verification="draft",
        application_id=None,
        reviewer_id=None,
        created_by=uuid4(),
        created_at=NOW,
    )
    return replace(center, **changes)


def an_employee(role: StaffRole, **changes: Any) -> Employee:
    return replace(Employee(uuid4(), uuid4(), uuid4(), role, active=True, joined_at=NOW), **changes)


def a_car(**changes: Any) -> LinkedCar:
    car = LinkedCar(uuid4(), uuid4(), make="Toyota", model="Corolla", plate="А123ВС77", archived=False)
    return replace(car, **changes)


def a_link(**changes: Any) -> CarLink:
    link = CarLink(
        id=uuid4(),
        car_id=uuid4(),
        owner_id=uuid4(),
        car_label="Toyota Corolla А123ВС77",
        center_id=uuid4(),
        scopes=("odometer", "create_visit"),
        status="requested",
        requested_by=uuid4(),
        requested_at=NOW,
        expires_at=None,
    )
    return replace(link, **changes)
