"""Computes consumption figures anew where fills or their readings changed, and only as far as that matters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from chassis.db import Transaction
from owners.db.consumption import (
    add_to_sums,
    end_before,
    entries_with,
    fills_between,
    save_accepted,
    save_figures,
)
from owners.db.fuel import delete_fuel_entries
from owners.domain.car import Car, EnergyKind
from owners.domain.fuel.changes import FuelChanges, Span, accepted
from owners.domain.fuel.consumption import Figure, FullToFull
from owners.domain.fuel.order import in_order
from owners.domain.odometer.recorded import RecordedReading

_EVERYTHING: Final = Span(date.min, date.max, 0)
_USUALLY_ENOUGH: Final = timedelta(days=366)


async def refresh_consumption(
    tx: Transaction, car: Car, changes: FuelChanges, judged: Iterable[RecordedReading]
) -> None:
    """Brings figures and sums up to date with `changes` and with the readings that were `judged` differently.

    The car's row is locked. In the end every figure is what `rebuild_consumption` would make it.
    """
    readings = [one for one in judged if one.fuel_entry_id is not None]
    if readings:
        await _accept(tx, car, changes, readings)
    if changes.removed:
        await delete_fuel_entries(tx, changes.removed)
        changes.removed = []
    for kind, span in changes.spans.items():
        figures = await _figures(tx, car, kind, span)
        await _save(tx, kind, changes, figures)
    changes.spans = {}
    await add_to_sums(tx, car, changes.take_sums())


async def rebuild_consumption(tx: Transaction, car: Car, kinds: Iterable[EnergyKind]) -> None:
    """Computes all figures of these kinds from the entries. The car's row is locked."""
    changes = FuelChanges(spans=dict.fromkeys(kinds, _EVERYTHING))
    await refresh_consumption(tx, car, changes, ())


async def _accept(tx: Transaction, car: Car, changes: FuelChanges, readings: list[RecordedReading]) -> None:
    told = accepted(readings)
    # What was filled before a transfer stays with its owner, as it was.
    entries = {entry.id: entry for entry in await entries_with(tx, told) if entry.owner_id == car.owner_id}
    for one in readings:
        entry = entries.get(one.fuel_entry_id) if one.fuel_entry_id else None
        if entry is not None:
            changes.touch(entry, one)
    await save_accepted(
        tx, {entry.id: told[entry.id] for entry in entries.values() if entry.accepted_km != told[entry.id]}
    )


async def _figures(tx: Transaction, car: Car, kind: EnergyKind, span: Span) -> list[Figure]:
    """The figures of the fills that the change can reach: up to an interval that ends where one ended before."""
    begin = None if span == _EVERYTHING else await end_before(tx, car, kind, span)
    anchor, first = begin or (None, date.min)
    series = FullToFull(anchor)
    figures: list[Figure] = []
    enough = date.max if date.max - span.last < _USUALLY_ENOUGH else span.last + _USUALLY_ENOUGH
    pieces = [(first, enough)] + ([(enough + timedelta(days=1), date.max)] if enough < date.max else [])
    for place, (start, end) in enumerate(pieces):
        fills = in_order(await fills_between(tx, car, kind, start, end))
        if anchor is not None and place == 0:
            fills = fills[[fill.id for fill in fills].index(anchor.id) + 1 :]
        for fill in fills:
            decided = list(series.feed(fill))
            figures += decided
            if any(_as_before(figure, span) for figure in decided):
                return figures
    return [*figures, *series.finish()]


def _as_before(figure: Figure, span: Span) -> bool:
    """Whether an interval ended here before as well, so that nothing after it can change."""
    fill, interval = figure
    return fill.day > span.last and interval is not None and fill.interval is not None


async def _save(tx: Transaction, kind: EnergyKind, changes: FuelChanges, figures: Iterable[Figure]) -> None:
    changed = [figure for figure in figures if figure.interval != figure.fill.interval]
    for fill, interval in changed:
        changes.count(kind, fill.day, fill.interval, interval)
    await save_figures(tx, changed)
