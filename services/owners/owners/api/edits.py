"""What became of an entry: who changed what, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field

from chassis.db import Transaction
from chassis.http import ApiModel, Caller, Reader
from chassis.problems import NotFound
from owners.commands.access import demand
from owners.db.amendments import amendments_of
from owners.db.files import edits_of
from owners.db.fuel import find_fuel_entry
from owners.db.records import find_expense, find_service_entry
from owners.domain.access import Right
from owners.domain.amendment import Amendment, in_force, latest_bill
from owners.domain.fuel.entry import FuelEntry
from owners.domain.records import Expense, ServiceEntry
from owners.exchange.records import without_amounts
from owners.queries import history_reader

type EntryKind = Literal["service-entries", "expenses", "fuel-entries"]

_MOST: Final = 100
_RATE: Final = ("rate", "rate_to", "converted_minor")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "service-entries": (
        "service_date", "time_zone", "vendor", "lines", "currency", "cost_minor", *_RATE, "next_due_km",
        "next_due_months", "note",
    ),
    "expenses": ("expense_date", "time_zone", "category", "amount_minor", "currency", *_RATE, "note"),
    "fuel-entries": (
        "filled_on", "filled_at", "time_zone", "energy_kind", "volume", "volume_unit", "unit_price", "total_minor",
        "currency", *_RATE, "discount_minor", "is_full", "soc_after", "missed_before", "station", "note",
    ),
}  # fmt: skip

router = APIRouter(tags=["edits"])


class Change(ApiModel):
    """A field before and after an edit."""

    before: Any
    after: Any


class EditResponse(ApiModel):
    """An edit. Without changed fields it was of the odometer reading or of the files."""

    version: Annotated[int, Field(description="That the edit made.")]
    edited_at: datetime
    edited_by: UUID
    changes: dict[str, Change]


class EditsResponse(ApiModel):
    """Edits, the latest first."""

    data: list[EditResponse]
    next_before: Annotated[int | None, Field(description="For `before` of the next page; null on the last one.")]


@router.get("/v1/cars/{car_id}/{entries}/{entry_id}/edits")
async def list_edits(
    *,
    car_id: UUID,
    entries: Annotated[EntryKind, Path()],
    entry_id: UUID,
    tx: Reader,
    caller: Caller,
    before: Annotated[int | None, Query(ge=1, description="Edits that made a version below this one.")] = None,
) -> EditsResponse:
    """What an entry was before each edit; entries as they were entered have none. Removed entries leave none.

    Edits of an attested entry are its amendments: `version` is their revision, by whoever proposed them.
    """
    await demand(tx, car_id, caller.user_id, Right.READ)
    found_entry = await _demand_entry(tx, entries, car_id, entry_id)
    if not isinstance(found_entry, FuelEntry) and found_entry.attestation is not None:
        amended = [one for one in await _amendments(tx, car_id, found_entry) if before is None or one.version < before]
        return EditsResponse(data=amended, next_before=None)
    rows = await edits_of(tx, entry_id, before=before, limit=_MOST + 1)
    found = [
        EditResponse(
            version=row.version,
            edited_at=row.edited_at,
            edited_by=row.edited_by,
            changes=_changes(row.before, row.after, _FIELDS[entries]),
        )
        for row in rows[:_MOST]
    ]
    return EditsResponse(data=found, next_before=found[-1].version if len(rows) > _MOST else None)


async def _demand_entry(
    tx: Transaction, entries: EntryKind, car_id: UUID, entry_id: UUID
) -> ServiceEntry | Expense | FuelEntry:
    found: ServiceEntry | Expense | FuelEntry | None
    match entries:
        case "service-entries":
            found = await find_service_entry(tx, car_id, entry_id)
        case "expenses":
            found = await find_expense(tx, car_id, entry_id)
        case "fuel-entries":
            found = await find_fuel_entry(tx, car_id, entry_id)
    if found is None:
        raise NotFound
    return found


async def _amendments(tx: Transaction, car_id: UUID, entry: ServiceEntry | Expense) -> list[EditResponse]:
    """The latest first; of an expense only what touches its amount, and no amounts for whom they are not."""
    reader = await history_reader(tx, car_id)
    service_id = entry.id if isinstance(entry, ServiceEntry) else entry.service_entry_id
    found = (await amendments_of(tx, [service_id]))[service_id] if service_id else []
    if isinstance(entry, Expense):
        found = [one for one in found if one.cost_minor is not None]
    steps = [_as_it_stood(entry, found[:count]) for count in range(len(found) + 1)]
    if isinstance(entry, ServiceEntry) and (reader is None or reader.owner_id != entry.owner_id):
        steps = [without_amounts(step) for step in steps]
    edits = [
        EditResponse(
            version=one.revision,
            edited_at=one.accepted_at,
            edited_by=one.proposed_by,
            changes=_changes(earlier, later, tuple(earlier)),
        )
        for one, (earlier, later) in zip(found, pairwise(steps), strict=True)
    ]
    return edits[::-1]


def _as_it_stood(entry: ServiceEntry | Expense, amendments: Sequence[Amendment]) -> dict[str, Any]:
    if isinstance(entry, Expense):
        latest = latest_bill(amendments)
        return {"amount_minor": entry.amount_minor if latest is None else latest.cost_minor}
    amended = in_force(entry, amendments).entry
    told = {name: getattr(amended, name) for name in ("cost_minor", "next_due_km", "next_due_months")}
    return {"lines": [asdict(line) for line in amended.lines], **told}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Change]:
    return {
        name: Change(before=before.get(name), after=after.get(name))
        for name in fields
        if before.get(name) != after.get(name)
    }
