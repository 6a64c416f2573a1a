"""The tables of this service. Constraints, row-level security and triggers are in the migrations."""

from owners.db.models.access import access_grant, access_invitation
from owners.db.models.cars import (
    car,
    car_transfer,
    former_car,
    identity_claim,
    identity_decision,
    moderator,
    seen_car,
)
from owners.db.models.columns import metadata
from owners.db.models.files import attachment, car_document, entry_edit, file_content
from owners.db.models.fuel import consumption_sum, fuel_entry
from owners.db.models.imports import imported_record
from owners.db.models.ownership import depreciation, loan, monthly_cost, valuation
from owners.db.models.people import app_user, refresh_token, session, sign_in_proof, telegram_identity
from owners.db.models.records import amendment, expense, meter_replacement, odometer_reading, service_entry
from owners.db.models.schedules import expense_schedule
from owners.db.models.sto import center, center_employee, center_link

__all__ = [
    "access_grant",
    "access_invitation",
    "amendment",
    "app_user",
    "attachment",
    "car",
    "car_document",
    "car_transfer",
    "center",
    "center_employee",
    "center_link",
    "consumption_sum",
    "depreciation",
    "entry_edit",
    "expense",
    "expense_schedule",
    "file_content",
    "former_car",
    "fuel_entry",
    "identity_claim",
    "identity_decision",
    "imported_record",
    "loan",
    "metadata",
    "meter_replacement",
    "moderator",
    "monthly_cost",
    "odometer_reading",
    "refresh_token",
    "seen_car",
    "service_entry",
    "session",
    "sign_in_proof",
    "telegram_identity",
    "valuation",
]
