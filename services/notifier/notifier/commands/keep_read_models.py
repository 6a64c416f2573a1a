"""What this service knows of users and cars: the last state of each, whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chassis.db import Transaction
from notifier.domain.read_models import CarState, UserState

_KEEP_USERS: Final = text(
    """
    INSERT INTO recipient (user_id, locale, time_zone, distance_unit, sequence)
    VALUES (:user_id, :locale, :time_zone, :distance_unit, :sequence)
    ON CONFLICT (user_id) DO UPDATE
    SET locale = excluded.locale, time_zone = excluded.time_zone, distance_unit = excluded.distance_unit,
        sequence = excluded.sequence
    WHERE recipient.sequence < excluded.sequence AND recipient.erased_at IS NULL
    """
)
_KEEP_CARS: Final = text(
    """
    INSERT INTO car (id, owner_id, make, model, plate, sequence)
    VALUES (:id, :owner_id, :make, :model, :plate, :sequence)
    ON CONFLICT (id) DO UPDATE
    SET owner_id = excluded.owner_id, make = excluded.make, model = excluded.model, plate = excluded.plate,
        sequence = excluded.sequence
    WHERE car.sequence < excluded.sequence
    """
)


async def keep_users(tx: Transaction, states: Sequence[UserState]) -> None:
    """Keeps each user's newest state."""
    await tx.execute(_KEEP_USERS, _rows({state.user_id: state for state in _in_order(states)}))


async def keep_cars(tx: Transaction, states: Sequence[CarState]) -> None:
    """Keeps each car's newest state."""
    await tx.execute(_KEEP_CARS, _rows({state.id: state for state in _in_order(states)}))


def _in_order[S: (UserState, CarState)](states: Sequence[S]) -> list[S]:
    return sorted(states, key=lambda state: state.sequence)


def _rows(newest: dict[UUID, Any]) -> list[dict[str, Any]]:
    # In the order of ids: two workers that keep the same rows wait for each other and do not block each other.
    return [asdict(newest[key]) for key in sorted(newest)]
