"""What moderators see of cars that claim one identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.db import Transaction
from chassis.http import Position
from owners.db.moderation import MOST_RIVALS, Claim, decisions_about, disputed_claims, find_claim, rivals_of
from owners.domain.identity_decision import IdentityDecision


@dataclass(frozen=True, slots=True)
class IdentityCase:
    """A car, the others that claim its number, and what was decided about the number, the latest first."""

    claim: Claim
    rivals: Sequence[Claim]
    more_rivals: bool
    decisions: Sequence[IdentityDecision]

    @property
    def holder_id(self) -> UUID | None:
        """The other car that has the number."""
        return next((rival.id for rival in self.rivals if rival.identity_confirmed), None)


async def disputed_cases(tx: Transaction, *, after: Position | None, limit: int) -> list[IdentityCase]:
    """What waits for a moderator, the longest first."""
    return await _cases(tx, await disputed_claims(tx, after=after, limit=limit))


async def identity_case(tx: Transaction, car_id: UUID) -> IdentityCase | None:
    """One car, disputed or not; None without a VIN and frame number."""
    found = await find_claim(tx, car_id)
    return None if found is None else (await _cases(tx, [found]))[0]


async def _cases(tx: Transaction, claims: Sequence[Claim]) -> list[IdentityCase]:
    rivals = await rivals_of(tx, claims)
    decisions = await decisions_about(tx, {claim.number for claim in claims})
    return [
        IdentityCase(
            claim,
            rivals[claim.id][:MOST_RIVALS],
            len(rivals[claim.id]) > MOST_RIVALS,
            decisions[claim.number],
        )
        for claim in claims
    ]
