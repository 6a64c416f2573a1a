"""A user's settings and name."""

from __future__ import annotations

from typing import Any

from contracts import owners as contract
from owners.domain.user import User
from owners.events.log import By


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
