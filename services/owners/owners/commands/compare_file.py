"""What a file would change in a car's history."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from chassis.db import Transaction
from contracts.exchange import LISTS
from contracts.exchange_records import Kind
from owners.db.exchange import records_of
from owners.db.exchange_files import attested_among, files_of
from owners.db.ownership import Whose
from owners.domain.car import Car
from owners.exchange.candidate import described
from owners.exchange.difference import Difference, Known, difference
from owners.exchange.difference_files import Standing, compared_files
from owners.exchange.job import ReadFile
from owners.exchange.records import exchange_record, external_id_of, in_force

KINDS: Final[tuple[Kind, ...]] = tuple(LISTS)


async def compare_file(tx: Transaction, car: Car, read: ReadFile, *, caller_id: UUID) -> Difference:
    """The difference, row by row and file by file. Only kinds of records that the file has are looked at."""
    kinds = {candidate.kind for candidate in read.candidates}
    known = [one for kind in KINDS if kind in kinds for one in await _known(tx, car.id, kind)]
    found = difference(car.id, read, known, energy_kinds=car.energy_kinds)
    if not read.files:
        return found
    standing = Standing(
        car.id,
        may_change_photo=car.owner_id == caller_id,
        records=[(row.candidate, row.record_id) for row in found.rows],
        files=await files_of(tx, Whose(car.id, car.owner_id)),
        attested=await attested_among(tx, [row.record_id for row in found.rows if row.record_id]),
    )
    return found.with_files(*compared_files(read.files, standing))


async def _known(tx: Transaction, car_id: UUID, kind: Kind) -> list[Known]:
    known: list[Known] = []
    async for rows in records_of(tx, car_id, kind):
        for row in (in_force(kind, found) for found in rows):
            external_id = row["imported_as"] or external_id_of(row["id"])
            content, digest, likeness = described(exchange_record(kind, row, external_id))
            known.append(Known(row["id"], kind, external_id, content, digest, likeness, row["imported_digest"]))
    return known
