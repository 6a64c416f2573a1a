"""Grants of access to cars, and what they let the caller do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from chassis.http import Position
from owners.db.bulk import columns_of, update_by_id
from owners.db.models import access_grant
from owners.domain.access import CarRole
from owners.domain.sharing import AccessGrant

_ROLE: Final = "SELECT role FROM shared_with_caller WHERE car_id = $1"
_ROLES: Final = """
    SELECT c.id, CASE WHEN c.owner_id = caller_id() THEN 'owner' ELSE s.role END AS role
    FROM car c LEFT JOIN shared_with_caller s ON s.car_id = c.id AND s.owner_id = c.owner_id
    WHERE c.id = ANY($1::uuid[])
"""
_READER: Final = """
    SELECT 'owner' AS role, owner_id FROM car WHERE id = $1 AND owner_id = caller_id()
    UNION ALL SELECT role, owner_id FROM shared_with_caller WHERE car_id = $1
    UNION ALL SELECT 'former_owner', owner_id FROM former_car WHERE id = $1
    UNION ALL SELECT 'center', NULL WHERE caller_reads_history($1)
    LIMIT 1
"""
_NAMES: Final = "SELECT user_id, display_name FROM people_of_car($1)"
_ENDING: Final = ("ended_at", "ended_because", "sequence", "version")


async def role_of_caller(tx: Transaction, car_id: UUID) -> CarRole | None:
    """In what role the car is shared with the caller, now; None when it is not."""
    found = await tx.rows(_ROLE, car_id)
    return found[0]["role"] if found else None


async def roles_of_caller(tx: Transaction, car_ids: Sequence[UUID]) -> dict[UUID, CarRole]:
    """What the caller is to each of these cars, which he may see."""
    return {row["id"]: row["role"] for row in await tx.rows(_ROLES, list(car_ids))} if car_ids else {}


class HistoryReader(NamedTuple):
    """As whom somebody reads a car's history: with a role in it, or as one of a linked center's people.

    `owner_id` is the owner whose amounts and notes the reader sees; None: nobody's.
    """

    role: CarRole | Literal["center"]
    owner_id: UUID | None


async def reader_of_history(tx: Transaction, car_id: UUID) -> HistoryReader | None:
    """What the caller is to a car's history; None: nothing at all."""
    found = await tx.rows(_READER, car_id)
    return HistoryReader(*found[0]) if found else None


async def names_of_people(tx: Transaction, car_id: UUID) -> dict[UUID, str]:
    """The names of the car's owner and of everybody it is shared with; none for who has no part in the car."""
    return {row["user_id"]: row["display_name"] for row in await tx.rows(_NAMES, car_id)}


async def insert_grant(tx: Transaction, grant: AccessGrant) -> bool:
    """Adds a grant; false when the car is shared with this person already."""
    added = await tx.execute(insert(access_grant).values(columns_of(grant)).on_conflict_do_nothing())
    return bool(added.rowcount)


async def find_grant(tx: Transaction, car_id: UUID, grant_id: UUID, *, lock: bool = False) -> AccessGrant | None:
    """A grant of that car which the caller may see and whose time is not over; `lock` for a change."""
    found = _in_force().where(access_grant.c.id == grant_id, access_grant.c.car_id == car_id)
    row = (await tx.execute(found.with_for_update() if lock else found)).one_or_none()
    return None if row is None else _grant(row)


async def lock_grant(tx: Transaction, grant_id: UUID) -> AccessGrant | None:
    """A grant that was not ended, its time over or not, locked."""
    return next(iter(await _locked(tx, access_grant.c.id == grant_id)), None)


async def lock_grant_of(tx: Transaction, car_id: UUID, grantee_id: UUID) -> AccessGrant | None:
    """What this person has in the car, its time over or not, locked."""
    mine = (access_grant.c.car_id == car_id) & (access_grant.c.grantee_id == grantee_id)
    return next(iter(await _locked(tx, mine)), None)


async def lock_grants_of_car(tx: Transaction, car_id: UUID) -> list[AccessGrant]:
    """All that the caller gave to others in a car, locked in the order of their ids."""
    return await _locked(tx, access_grant.c.car_id == car_id)


async def lock_grants_around(tx: Transaction, user_id: UUID) -> list[AccessGrant]:
    """All that a person gave and has, locked in the order of their ids."""
    return await _locked(tx, or_(access_grant.c.owner_id == user_id, access_grant.c.grantee_id == user_id))


async def list_grants(tx: Transaction, car_id: UUID, *, after: Position | None, limit: int) -> list[AccessGrant]:
    """The car's grants that the caller may see and whose time is not over, the first granted first."""
    found = _in_force().where(access_grant.c.car_id == car_id)
    if after is not None:
        found = found.where(tuple_(access_grant.c.granted_at, access_grant.c.id) > after)
    rows = await tx.execute(found.order_by(access_grant.c.granted_at, access_grant.c.id).limit(limit))
    return [_grant(row) for row in rows]


async def save_grant(tx: Transaction, changed: AccessGrant) -> None:
    """Writes a change of a locked grant."""
    names = ("role", "expires_at", *_ENDING)
    values = {name: getattr(changed, name) for name in names}
    await tx.execute(update(access_grant).where(access_grant.c.id == changed.id).values(values))


async def save_ended(tx: Transaction, ended: Sequence[AccessGrant]) -> None:
    """Writes the end of locked grants."""
    rows = [{name: getattr(one, name) for name in ("id", *_ENDING)} for one in ended]
    await update_by_id(tx, access_grant, _ENDING, rows)


def _in_force() -> Select[Any]:
    columns = access_grant.c
    in_time = or_(columns.expires_at.is_(None), columns.expires_at > func.now())
    return select(access_grant).where(columns.ended_at.is_(None), in_time)


async def _locked(tx: Transaction, condition: Any) -> list[AccessGrant]:
    found = select(access_grant).where(condition, access_grant.c.ended_at.is_(None))
    return [_grant(row) for row in await tx.execute(found.order_by(access_grant.c.id).with_for_update())]


def _grant(row: Row[Any]) -> AccessGrant:
    return AccessGrant(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name
