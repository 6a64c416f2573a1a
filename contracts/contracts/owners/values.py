"""Words that several events share."""

from __future__ import annotations

from typing import Literal

type EnergyKind = Literal["petrol", "diesel", "lpg", "cng", "electric", "hydrogen"]
type OdometerUnit = Literal["km", "mi"]
type VolumeUnit = Literal["l", "gal_us", "gal_uk", "kwh", "kg"]
type Verdict = Literal["ok", "suspect", "quarantined", "rollback", "replaced"]
type ReadingSource = Literal[
    "manual", "fuel", "service", "expense", "appointment_check_in", "work_order", "import", "valuation"
]
type Provenance = Literal["self_declared", "attested"]
type GrantedRole = Literal["viewer", "driver", "manager"]
