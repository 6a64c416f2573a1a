"""A car's life for its owner to take along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.problems import NotFound
from contracts.exchange import LISTS
from contracts.exchange_records import ExchangeExpense, ExchangeFuelEntry, ExchangeServiceEntry, Kind
from contracts.exchange_terms import ExchangeTerms
from owners.commands.access import demand
from owners.db.cars import find_car
from owners.db.exchange import records_of
from owners.db.exchange_files import contents_of, files_of
from owners.db.ownership import Whose, find_depreciation, find_loan, list_valuations
from owners.db.schedules import list_schedules
from owners.db.users import find_user
from owners.domain.access import Right
from owners.domain.car import Car
from owners.domain.schedule import MOST_SCHEDULES
from owners.exchange import sheet
from owners.exchange.document import DocumentWriter, Spool, origin_of
from owners.exchange.files import described_files, in_pieces
from owners.exchange.fuelio import FuelioWriter
from owners.exchange.life import life_line, record_line
from owners.exchange.records import Found, exchange_record, external_id_of, in_force, is_void, shown_to
from owners.exchange.terms import told_terms
from owners.fuel_queries import consumption

_PAGE: Final = 500
_OF_FUELIO: Final[tuple[Kind, ...]] = ("fuel_entry", "service_entry", "expense")


async def export_document(tx: Transaction, car_id: UUID, caller_id: UUID, *, now: datetime) -> DocumentWriter:
    """The document, ready to be written; `tx` sees one moment. Raises NotFound (404), NotPermitted (403)."""
    car = await _own_car(tx, car_id, caller_id)
    whose = Whose(car.id, car.owner_id)
    document = DocumentWriter(
        car, now, terms=await _terms(tx, whose), attachments=described_files(await files_of(tx, whose))
    )
    for kind in LISTS:
        document.begin(kind)
        async for row, external_id in _in_order(tx, car, kind, voided=True):
            origin = origin_of(kind, row, external_id)
            if is_void(kind, row):
                document.mention(origin)
            else:
                document.add(exchange_record(kind, row, external_id), origin)
    return document


async def export_contents(
    database: Database, document: DocumentWriter, car_id: UUID, caller_id: UUID
) -> AsyncIterator[tuple[str, bytes]]:
    """The document's files which are still there, by SHA-256, each once.

    Nothing is held between them, however slowly somebody takes them: no connection, and no more than a few files.
    """
    sizes = {bytes.fromhex(file.sha256): file.size for file in document.attachments}
    for digests in in_pieces(sorted(sizes.items())):
        async with database.transaction(user_id=caller_id, read_only=True) as tx:
            found = await contents_of(tx, Whose(car_id, document.owner_id), digests)
        for digest, content in found:
            yield digest.hex(), content


async def export_sheet(tx: Transaction, car_id: UUID, caller_id: UUID) -> Spool:
    """The same records as one table; raises as export_document does."""
    car = await _own_car(tx, car_id, caller_id)
    table = Spool()
    table.write(sheet.header())
    for kind in LISTS:
        async for row, external_id in _in_order(tx, car, kind):
            table.write(sheet.line_of(kind, exchange_record(kind, row, external_id)))
    return table


async def export_fuelio(tx: Transaction, car_id: UUID, caller_id: UUID) -> Spool:
    """What Fuelio has a place for, in its own form; raises as export_document does."""
    car = await _own_car(tx, car_id, caller_id)
    backup, writer = Spool(), FuelioWriter(car)
    backup.write(writer.head())
    for kind in _OF_FUELIO:
        if kind == "service_entry":
            backup.write(writer.middle())
        async for row, external_id in _in_order(tx, car, kind):
            match exchange_record(kind, row, external_id):
                case ExchangeFuelEntry() as fill:
                    backup.write(writer.fill(fill))
                case ExchangeServiceEntry() as service:
                    backup.write(writer.service(service))
                case ExchangeExpense() as expense:
                    backup.write(writer.expense(expense))
    return backup


async def export_life(tx: Transaction, car_id: UUID, caller_id: UUID, *, now: datetime) -> Spool:
    """The car and its records as lines of JSON, for a report; raises as export_document does."""
    car = await _own_car(tx, car_id, caller_id)
    user = await find_user(tx, caller_id)
    life = Spool()
    life.write(life_line(car, await consumption(tx, car), "en" if user is None else user.locale, now))
    for kind in LISTS:
        async for row, external_id in _in_order(tx, car, kind):
            life.write(record_line(kind, row, exchange_record(kind, row, external_id)))
    return life


async def _own_car(tx: Transaction, car_id: UUID, caller_id: UUID) -> Car:
    await demand(tx, car_id, caller_id, Right.SEE_FINANCES)
    car = await find_car(tx, car_id)
    if car is None:
        raise NotFound
    return car


async def _terms(tx: Transaction, whose: Whose) -> ExchangeTerms:
    return told_terms(
        await find_depreciation(tx, whose),
        await find_loan(tx, whose),
        await list_valuations(tx, whose),
        await list_schedules(tx, whose.car_id, after=None, limit=MOST_SCHEDULES),
    )


async def _in_order(tx: Transaction, car: Car, kind: Kind, *, voided: bool = False) -> AsyncIterator[tuple[Found, str]]:
    """By date and then by external id, which is the same wherever the records are taken, unlike their ids.

    With what is in force of amended ones; voided ones only if they are asked for.
    """
    day: date | None = None
    of_day: list[tuple[str, Any]] = []
    async for rows in records_of(tx, car.id, kind, page=_PAGE):
        for found in rows:
            row = shown_to(car.owner_id, kind, in_force(kind, found))
            if is_void(kind, row) and not voided:
                continue
            if row["day"] != day:
                for one in _sorted(of_day):
                    yield one
                day, of_day = row["day"], []
            of_day.append((row["imported_as"] or external_id_of(row["id"]), row))
    for one in _sorted(of_day):
        yield one


def _sorted(rows: Iterable[tuple[str, Found]]) -> list[tuple[Found, str]]:
    return [(row, external_id) for external_id, row in sorted(rows, key=lambda pair: pair[0])]
