"""From this service's facts to the events of the contract."""

from owners.events.access import access_changed, access_ended, access_granted
from owners.events.cars import car_archived, car_identity_decided, car_registered, car_transferred, car_updated
from owners.events.fuel import fuel_entry_changed, fuel_entry_recorded, fuel_entry_removed
from owners.events.log import By, RecordLog
from owners.events.odometer import MAX_CHANGED, odometer_grown_stale, odometer_judged
from owners.events.people import profile_updated, user_erased, user_registered, user_updated
from owners.events.records import (
    expense_changed,
    expense_recorded,
    expense_removed,
    service_entry_changed,
    service_entry_recorded,
    service_entry_removed,
)

__all__ = [
    "MAX_CHANGED",
    "By",
    "RecordLog",
    "access_changed",
    "access_ended",
    "access_granted",
    "car_archived",
    "car_identity_decided",
    "car_registered",
    "car_transferred",
    "car_updated",
    "expense_changed",
    "expense_recorded",
    "expense_removed",
    "fuel_entry_changed",
    "fuel_entry_recorded",
    "fuel_entry_removed",
    "odometer_grown_stale",
    "odometer_judged",
    "profile_updated",
    "service_entry_changed",
    "service_entry_recorded",
    "service_entry_removed",
    "user_erased",
    "user_registered",
    "user_updated",
]
