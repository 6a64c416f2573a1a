"""With whom a car is shared."""

from __future__ import annotations

from typing import Any

from contracts import owners as contract
from owners.domain.sharing import AccessGrant
from owners.events.log import By


def access_granted(grant: AccessGrant, by: By) -> contract.AccessGranted:
    """Somebody has access now."""
    return contract.AccessGranted(**_grant(grant, by))


def access_changed(grant: AccessGrant, by: By) -> contract.AccessChanged:
    """The access after a change."""
    return contract.AccessChanged(**_grant(grant, by))


def access_ended(grant: AccessGrant, by: By) -> contract.AccessEnded:
    """The access is over."""
    return contract.AccessEnded(**_grant(grant, by), because=grant.ended_because)


def _grant(grant: AccessGrant, by: By) -> dict[str, Any]:
    return {
        "sequence": grant.sequence,
        "occurred_at": by.at,
        "actor": by.actor,
        "grant_id": grant.id,
        "car_id": grant.car_id,
        "owner_id": grant.owner_id,
        "grantee_id": grant.grantee_id,
        "role": grant.role,
        "expires_at": grant.expires_at,
    }
