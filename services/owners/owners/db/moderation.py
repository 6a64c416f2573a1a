"""The moderators, the cars that claim one identity, and what was decided about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import insert, select

from chassis.db import Transaction
from chassis.http import Position
from chassis.roster import Roster
from owners.db.bulk import columns_of
from owners.db.models import car, identity_decision, moderator
from owners.domain.car import Car, IdentityKind
from owners.domain.identity_decision import IdentityDecision

if TYPE_CHECKING:
    import asyncpg

MODERATORS: Final = Roster(moderator, service="owners")
MOST_RIVALS: Final = 20
"""That are shown beside a car: anybody may type any VIN."""

_FACTS: Final = """
    id, kind, number, make, model, year, plate, identity_confirmed, identity_disputed, identity_disputed_at,
    rejected_number, attested_at, archived_at, created_at, version, attested_works, attesting_centers
"""
# Which cars, and only then how much work was done on each of them. LIMIT 1: else it is a join with the whole view.
_DISPUTED: Final = f"""
    SELECT facts.* FROM (
        SELECT id FROM claimed_car
        WHERE identity_disputed AND ($1::timestamptz IS NULL OR (identity_disputed_at, id) > ($1, $2::uuid))
        ORDER BY identity_disputed_at, id LIMIT $3
    ) queued CROSS JOIN LATERAL (SELECT {_FACTS} FROM claimed_car found WHERE found.id = queued.id LIMIT 1) facts
    ORDER BY facts.identity_disputed_at, facts.id
"""  # noqa: S608 -- our names
_ONE: Final = f"SELECT {_FACTS} FROM claimed_car WHERE id = $1"  # noqa: S608
_RIVALS: Final = f"""
    SELECT asked.id AS rival_of, facts.*
    FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (id, number, place)
    CROSS JOIN LATERAL (
        SELECT id, row_number() OVER () AS place FROM (
            SELECT id FROM claimed_car other WHERE other.number = asked.number AND other.id <> asked.id
            ORDER BY identity_confirmed DESC, identity_disputed DESC, attested_at NULLS LAST, created_at, id LIMIT $3
        ) sorted
    ) rival CROSS JOIN LATERAL (SELECT {_FACTS} FROM claimed_car found WHERE found.id = rival.id LIMIT 1) facts
    ORDER BY asked.place, rival.place
"""  # noqa: S608 -- our names
_LOCK: Final = f"SELECT {', '.join(column.name for column in car.columns)} FROM lock_claimants($1)"  # noqa: S608
_PART: Final = """
    SELECT EXISTS (SELECT FROM seen_car WHERE id = ANY($1::uuid[]) OR coalesce(vin, frame_number) = $2) AS has_part
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A car that claims an identity, with what helps to decide whose it is."""

    id: UUID
    kind: IdentityKind
    number: str
    make: str | None
    model: str | None
    year: int | None
    plate: str | None
    identity_confirmed: bool
    identity_disputed: bool
    identity_disputed_at: datetime | None
    rejected_number: str | None
    attested_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    version: int
    attested_works: int
    attesting_centers: int


async def disputed_claims(tx: Transaction, *, after: Position | None, limit: int) -> list[Claim]:
    """The cars whose identity is disputed, the longest first."""
    at, car_id = after or (None, None)
    return [_claim(row) for row in await tx.rows(_DISPUTED, at, car_id, limit)]


async def find_claim(tx: Transaction, car_id: UUID) -> Claim | None:
    """A car that has a VIN or a frame number."""
    found = await tx.rows(_ONE, car_id)
    return _claim(found[0]) if found else None


async def rivals_of(tx: Transaction, claims: Sequence[Claim]) -> Mapping[UUID, list[Claim]]:
    """The other cars with each one's number, at most MOST_RIVALS and one: who has it, who disputes it, who typed it."""
    rivals: dict[UUID, list[Claim]] = defaultdict(list)
    asked = [one.id for one in claims], [one.number for one in claims]
    for row in await tx.rows(_RIVALS, *asked, MOST_RIVALS + 1):
        rivals[row["rival_of"]].append(_claim(row))
    return rivals


async def decisions_about(tx: Transaction, numbers: Collection[str]) -> Mapping[str, list[IdentityDecision]]:
    """What was decided about each number, the latest first. What moderators get done bounds its length."""
    columns = identity_decision.c
    found = select(identity_decision).where(columns.number.in_(numbers))
    decided: dict[str, list[IdentityDecision]] = defaultdict(list)
    for row in await tx.execute(found.order_by(columns.decided_at.desc(), columns.id.desc())):
        decided[row.number].append(IdentityDecision(**row._mapping))  # noqa: SLF001 -- SQLAlchemy's documented name
    return decided


async def lock_claimants(tx: Transaction, car_id: UUID) -> tuple[Car | None, Car | None]:
    """The car, and the other car that has its identity, both locked; for moderators only."""
    found = {row["id"]: Car(**row) for row in await tx.rows(_LOCK, car_id)}
    wanted = found.pop(car_id, None)
    return wanted, next(iter(found.values()), None)


async def has_part_in(tx: Transaction, car_ids: Collection[UUID], number: str) -> bool:
    """Whether the caller owns, shares or once owned one of the cars, or another one with this number."""
    [row] = await tx.rows(_PART, list(car_ids), number)
    return bool(row["has_part"])


async def settle_identity(tx: Transaction, decision: IdentityDecision) -> bool:
    """Adds the decision for good, and does to the locked cars what it says; false when the claim has moved."""
    await tx.execute(insert(identity_decision).values(columns_of(decision)))
    [row] = await tx.rows("SELECT settle_identity($1) AS settled", decision.id)
    return bool(row["settled"])


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(**{name: row[name] for name in Claim.__dataclass_fields__})
