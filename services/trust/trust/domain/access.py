"""Who may do what with what trust knows of a car."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

type CarRole = Literal["owner", "manager", "driver", "viewer", "center"]
"""The car's owner, those whom he shares it with, and the people of a center that may read its history.

Each of them reads recommendations, score and timeline; what the owner pays elsewhere is not for the center.
"""

type DecidingRole = Literal["car_owner", "car_manager"]

DECIDES: Final[Mapping[CarRole, DecidingRole]] = MappingProxyType({"owner": "car_owner", "manager": "car_manager"})
"""Who settles a recommendation by hand, and in what capacity."""
