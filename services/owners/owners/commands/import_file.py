"""Takes in the new records of a file: all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import batched
from typing import Final, NamedTuple
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Conflict
from owners import events
from owners.commands.access import demand, lock_car_for
from owners.commands.car_history import CarHistory, close_history
from owners.commands.compare_file import compare_file
from owners.commands.import_files import Taking, keep_files
from owners.db.cars import find_car
from owners.db.exchange import remember_imports
from owners.db.exchange_files import insert_documents, state_of_papers
from owners.db.fuel import insert_fuel_entries
from owners.db.readings import load_histories
from owners.db.records import insert_expenses, insert_service_entries
from owners.domain.access import Right
from owners.domain.car import Car
from owners.events import By, RecordLog
from owners.exchange.difference import Difference
from owners.exchange.job import ReadFile
from owners.exchange.records import Made, made_of

_BATCH: Final = 500

type Progress = Callable[[int, int], None]
"""Told how many of how many records are in."""


class Imported(NamedTuple):
    """What an import did."""

    format: str
    difference: Difference


class DifferenceChanged(Conflict):
    """The file would not do what its sender has seen."""

    slug = "difference-changed"
    title = "The difference has changed"
    detail = "Since the dry run the car's history or the file has changed: look at the difference again."


async def import_file(
    tx: Transaction,
    car_id: UUID,
    read: ReadFile,
    *,
    expected_hash: str,
    caller_id: UUID,
    now: datetime,
    progress: Progress,
) -> Imported:
    """Adds what is new; the rest of the file changes nothing.

    Compares before it locks the car, so that others wait for the writing only. Raises NotFound, NotPermitted,
    DifferenceChanged when the hash is not that of the difference.
    """
    seen = await _seen(tx, car_id, caller_id)
    papers = await state_of_papers(tx, car_id)
    found = await compare_file(tx, seen, read, caller_id=caller_id)
    if found.hash != expected_hash:
        raise DifferenceChanged
    car, person = await lock_car_for(tx, car_id, caller_id, Right.EDIT_ENTRIES)
    if car.record_sequence != seen.record_sequence or car.energy_kinds != seen.energy_kinds:
        raise DifferenceChanged
    if papers != await state_of_papers(tx, car_id):  # nothing counts documents and files as it does records
        raise DifferenceChanged
    total = len(found.new) + len(found.new_files)
    progress(0, total)
    if total:
        histories = await load_histories(tx, [car_id])
        taking = Taking(CarHistory(car, histories[car_id], RecordLog(car)), By.person(person, now), caller_id, found)
        await _add(tx, taking, read.format, lambda done: progress(done, total))
        await keep_files(tx, taking, read.contents, lambda done: progress(len(found.new) + done, total))
        await close_history(tx, taking.history, taking.by)
    return Imported(read.format, found)


async def preview_file(tx: Transaction, car_id: UUID, read: ReadFile, *, caller_id: UUID) -> Difference:
    """What import_file would do."""
    return await compare_file(tx, await _seen(tx, car_id, caller_id), read, caller_id=caller_id)


async def _seen(tx: Transaction, car_id: UUID, caller_id: UUID) -> Car:
    await demand(tx, car_id, caller_id, Right.EDIT_ENTRIES)
    car = await find_car(tx, car_id)
    if car is None:
        raise DifferenceChanged
    return car


async def _add(tx: Transaction, taking: Taking, source: str, progress: Callable[[int], None]) -> None:
    done = 0
    car, by = taking.history.car, taking.by
    for some in batched(taking.found.new, _BATCH):
        made = [made_of(candidate, car, author_id=taking.caller_id, now=by.at) for candidate in some]
        await insert_fuel_entries(tx, [one.fuel for one in made if one.fuel])
        await insert_service_entries(tx, [one.service for one in made if one.service])
        await insert_expenses(tx, [one.expense for one in made if one.expense])
        await insert_documents(tx, [one.document for one in made if one.document])
        rows = [
            (one.id, one.candidate.kind, one.candidate.external_id, one.candidate.digest, one.candidate.origin)
            for one in made
        ]
        await remember_imports(tx, (car.id, car.owner_id), (source, taking.caller_id, by.at), rows)
        for one in made:
            taking.made[one.candidate.kind, one.candidate.external_id] = one.id
            _record(tx, taking, one)
        await tx.flush_events()
        done += len(some)
        progress(done)


def _record(tx: Transaction, taking: Taking, made: Made) -> None:
    history, by = taking.history, taking.by
    if made.fuel is not None:
        tx.record(events.fuel_entry_recorded(history.log, made.fuel, made.reading, by))
        history.fuel.touch(made.fuel)
    if made.service is not None:
        documented = (made.candidate.kind, made.candidate.external_id) in taking.documented
        tx.record(events.service_entry_recorded(history.log, made.service, made.reading, by, has_attachment=documented))
    if made.expense is not None:
        tx.record(events.expense_recorded(history.log, made.expense, by))
    if made.reading is not None:
        history.readings.add(made.reading)
