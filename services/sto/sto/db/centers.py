"""Centers as aggregates: found, locked, saved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from chassis.db import Transaction
from sto.db.models import service_center
from sto.domain.center import Address, CenterProfile, GeoPoint, ServiceCenter, search_key


async def insert_center(tx: Transaction, center: ServiceCenter) -> None:
    """Adds a new center."""
    created = {"id": center.id, "created_by": center.created_by, "created_at": center.created_at}
    await tx.execute(insert(service_center).values(**created, **_state(center)))


async def find_center(tx: Transaction, center_id: UUID) -> ServiceCenter | None:
    """The center, if the tenant may see it."""
    row = (await tx.execute(select(service_center).where(service_center.c.id == center_id))).one_or_none()
    return None if row is None else center_of(row)


async def lock_center(tx: Transaction, center_id: UUID, *, against_joining: bool = False) -> ServiceCenter | None:
    """The center, locked, if the tenant may change it.

    Somebody who follows an invitation waits for the lock only if it is `against_joining`; otherwise he does not,
    because whoever holds the lock may want to withdraw the very invitation that he has locked.
    """
    wanted = select(service_center).where(service_center.c.id == center_id)
    row = (await tx.execute(wanted.with_for_update(key_share=not against_joining))).one_or_none()
    return None if row is None else center_of(row)


async def save_center(tx: Transaction, center: ServiceCenter) -> None:
    """Writes the state of a center that is locked."""
    await tx.execute(update(service_center).where(service_center.c.id == center.id).values(**_state(center)))


def center_of(row: Row[Any]) -> ServiceCenter:
    """The aggregate in a row of `service_center`."""
    return ServiceCenter(
        id=row.id,
        profile=CenterProfile(
            name=row.name,
            address=Address(city=row.city, street=row.street, postal_code=row.postal_code),
            location=GeoPoint(latitude=row.latitude, longitude=row.longitude),
            phones=tuple(row.phones),
            specialities=tuple(row.specialities),
            makes=tuple(row.makes),
            time_zone=row.time_zone,
            currency=row.currency,
            prices_include_tax=row.prices_include_tax,
        ),
        verification=row.verification,
        application_id=row.application_id,
        reviewer_id=row.reviewer_id,
        created_by=row.created_by,
        created_at=row.created_at,
        sequence=row.sequence,
        version=row.version,
    )


def _state(center: ServiceCenter) -> dict[str, Any]:
    profile = center.profile
    return {
        "name": profile.name,
        "name_key": search_key(profile.name),
        "city": profile.address.city,
        "city_key": search_key(profile.address.city),
        "street": profile.address.street,
        "postal_code": profile.address.postal_code,
        "latitude": profile.location.latitude,
        "longitude": profile.location.longitude,
        "phones": list(profile.phones),
        "specialities": list(profile.specialities),
        "makes": list(profile.makes),
        "time_zone": profile.time_zone,
        "currency": profile.currency,
        "prices_include_tax": profile.prices_include_tax,
        "verification": center.verification,
        "application_id": center.application_id,
        "reviewer_id": center.reviewer_id,
        "sequence": center.sequence,
        "version": center.version,
    }
