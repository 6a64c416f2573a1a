"""Events of the owners service: users, cars and what is recorded about a car."""

from contracts.owners.cars import (
    AccessChanged,
    AccessEnded,
    AccessEvent,
    AccessGranted,
    CarArchived,
    CarEvent,
    CarRegistered,
    CarTransferred,
    CarUpdated,
)
from contracts.owners.fuel import FuelEntryChanged, FuelEntryRecorded, FuelEntryRemoved, FuelEntryState
from contracts.owners.odometer import MeterReplaced, OdometerJudged, ReadingVerdict
from contracts.owners.people import ProfileUpdated, UserErased, UserEvent, UserRegistered, UserUpdated
from contracts.owners.records import (
    Attestation,
    ExpenseChanged,
    ExpenseRecorded,
    ExpenseRemoved,
    RecordEvent,
    ServiceEntryChanged,
    ServiceEntryRecorded,
    ServiceEntryRemoved,
)
from contracts.owners.values import (
    EnergyKind,
    GrantedRole,
    OdometerUnit,
    Provenance,
    ReadingSource,
    Verdict,
    VolumeUnit,
)

__all__ = [
    "AccessChanged",
    "AccessEnded",
    "AccessEvent",
    "AccessGranted",
    "Attestation",
    "CarArchived",
    "CarEvent",
    "CarRegistered",
    "CarTransferred",
    "CarUpdated",
    "EnergyKind",
    "ExpenseChanged",
    "ExpenseRecorded",
    "ExpenseRemoved",
    "FuelEntryChanged",
    "FuelEntryRecorded",
    "FuelEntryRemoved",
    "FuelEntryState",
    "GrantedRole",
    "MeterReplaced",
    "OdometerJudged",
    "OdometerUnit",
    "ProfileUpdated",
    "Provenance",
    "ReadingSource",
    "ReadingVerdict",
    "RecordEvent",
    "ServiceEntryChanged",
    "ServiceEntryRecorded",
    "ServiceEntryRemoved",
    "UserErased",
    "UserEvent",
    "UserRegistered",
    "UserUpdated",
    "Verdict",
    "VolumeUnit",
]
