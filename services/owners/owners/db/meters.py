"""Replacements of meters in their table. Few cars have any, and none is asked for them that has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import RowMapping

from chassis.db import Transaction
from owners.db.bulk import columns_of, insert_new
from owners.db.models import meter_replacement
from owners.domain.odometer.history import Outcome
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.records import Attestation

_OF_CARS: Final = f"""
    SELECT {", ".join(column.name for column in meter_replacement.columns)}, EXISTS (
        SELECT FROM amendment AS a WHERE a.work_order_id = meter_replacement.work_order_id AND a.kind = 'void'
    ) AS voided
    FROM meter_replacement WHERE car_id = ANY($1::uuid[])
"""  # noqa: S608 -- our names
_PLAIN: Final = tuple(name for name in MeterReplacement._fields if name != "attestation")


async def replacements_of(tx: Transaction, car_ids: Collection[UUID]) -> Mapping[UUID, Sequence[MeterReplacement]]:
    """Those of each car, in no order."""
    found: defaultdict[UUID, list[MeterReplacement]] = defaultdict(list)
    for row in await tx.rows(_OF_CARS, list(car_ids)):
        found[row["car_id"]].append(replacement_of(row))
    return found


async def insert_replacements(tx: Transaction, outcomes: Sequence[tuple[Outcome, UUID]]) -> None:
    """Writes the new ones of each history, with the owner of its car."""
    rows = [_columns(one, outcome.car_id, owner_id) for outcome, owner_id in outcomes for one in outcome.replacements]
    if rows:
        await insert_new(tx, meter_replacement, rows)


def replacement_of(row: RowMapping | asyncpg.Record) -> MeterReplacement:
    """The replacement in a row of its table."""
    attestation = Attestation(*(row[name] for name in Attestation._fields))
    return MeterReplacement(**{name: row[name] for name in _PLAIN}, attestation=attestation)


def _columns(one: MeterReplacement, car_id: UUID, owner_id: UUID) -> dict[str, Any]:
    values = columns_of(one)
    del values["voided"]  # the amendment says it
    return {**columns_of(values.pop("attestation")), **values, "car_id": car_id, "owner_id": owner_id}
