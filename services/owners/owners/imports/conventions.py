"""How one file writes numbers, dates, units and money: declared, told by the file, shown by its values, or asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from owners.domain.car import EnergyKind
from owners.domain.fuel.units import VolumeUnit, canonical_unit
from owners.domain.odometer.reading import Unit
from owners.imports import dates, numerals, words
from owners.imports.rows import DateOrder, DecimalSeparator, Declared, Question, QuestionField
from owners.imports.source import MONEY, NUMBERS, RawRow, Source

_KINDS: Final[tuple[EnergyKind, ...]] = get_args(EnergyKind.__value__)
_LIQUIDS: Final[tuple[VolumeUnit, ...]] = ("l", "gal_us", "gal_uk")
_ORDERS: Final[tuple[DateOrder, ...]] = ("ymd", "dmy", "mdy")


@dataclass(frozen=True, slots=True)
class Conventions:
    """What converting a row needs to know. None where no row needs it."""

    separators: Mapping[str, DecimalSeparator | None]
    date_order: DateOrder | None
    distance_unit: Unit | None
    volume_unit: VolumeUnit | None
    currency: str | None
    energy_kind: EnergyKind | None
    full: bool | None
    time_zone: str | None
    zero_is_unknown: bool
    verbatim: bool


def conventions_of(source: Source, declared: Declared) -> tuple[Conventions, tuple[Question, ...]]:
    """The conventions, and what must be asked before they hold."""
    separators, doubtful = _separators(source, declared)
    order, which_order = _date_order(source, declared)
    currency, which_currency = _currency(source.rows, declared)
    facts = source.facts
    conventions = Conventions(
        separators=separators,
        date_order=order,
        distance_unit=declared.distance_unit or facts.distance_unit,
        volume_unit=declared.volume_unit or facts.volume_unit,
        currency=currency,
        energy_kind=declared.energy_kind,
        full=declared.full,
        time_zone=declared.time_zone,
        zero_is_unknown=facts.zero_is_unknown,
        verbatim=facts.verbatim,
    )
    asked = (
        doubtful,
        which_order,
        which_currency,
        *_open_units(source, conventions),
        *_open_fills(source, conventions),
    )
    return conventions, tuple(question for question in asked if question is not None)


def _separators(source: Source, declared: Declared) -> tuple[dict[str, DecimalSeparator | None], Question | None]:
    """Field by field: one app may write its prices with a comma and its volumes with a point."""
    told = declared.decimal_separator or source.facts.decimal_separator
    if told is not None:
        return dict.fromkeys(NUMBERS, told), None
    certain: dict[str, set[DecimalSeparator]] = {name: set() for name in NUMBERS}
    doubtful: dict[str, str] = {}
    for name, text in _cells(source.rows, NUMBERS):
        possible = numerals.separators_of(text)
        if possible is None:
            continue
        if len(possible) == 1:
            certain[name] |= possible
        elif possible:
            doubtful.setdefault(name, text)
    everywhere = set[DecimalSeparator]().union(*certain.values())
    chosen = {name: _only(certain[name]) or (None if certain[name] else _only(everywhere)) for name in NUMBERS}
    example = next((text for name, text in doubtful.items() if chosen[name] is None), None)
    return chosen, None if example is None else Question("decimal_separator", (".", ","), example)


def _date_order(source: Source, declared: Declared) -> tuple[DateOrder | None, Question | None]:
    told = declared.date_order or source.facts.date_order
    if told is not None:
        return told, None
    possible = set(_ORDERS)
    example = None
    for _, text in _cells(source.rows, ("day",)):
        likely = dates.likely_readings(text)
        if len(set(likely.values())) > 1:
            example = example or text
        if likely and not text[:4].isdecimal():  # a year that stands first says nothing of the other dates
            possible &= {order for order in likely if len(set(likely.values())) == 1 or order in likely}
    if example is None or len(possible) == 1:
        return _only(possible), None
    options = tuple(order for order in _ORDERS if order in (possible or dates.likely_readings(example)))
    return None, Question("date_order", options, example)


def _currency(rows: Iterable[RawRow], declared: Declared) -> tuple[str | None, Question | None]:
    if declared.currency is not None:
        return declared.currency, None
    example = None
    possible: set[str] | None = None
    for row in rows:
        if "currency" in row.cells:
            continue
        for name in MONEY:
            if (text := row.cells.get(name)) is None:
                continue
            example = example or text
            if signs := numerals.currencies_of(text):
                possible = set(signs) if possible is None else possible & set(signs)
    if example is None:
        return None, None
    certain = _only(possible or set())
    return certain, None if certain else Question("currency", tuple(sorted(possible or ())), example)


def _open_units(source: Source, found: Conventions) -> Iterator[Question | None]:
    if found.distance_unit is None:
        texts = (
            row.cells["odometer"] for row in source.rows if "odometer" in row.cells and "distance_unit" not in row.cells
        )
        yield _asked("distance_unit", ("km", "mi"), texts)
    if found.volume_unit is None:
        texts = (row.cells["volume"] for row in source.rows if _has_bare_liquid(row, found.energy_kind))
        yield _asked("volume_unit", _LIQUIDS[1:] if source.facts.gallons else _LIQUIDS, texts)


def _open_fills(source: Source, found: Conventions) -> Iterator[Question | None]:
    fills = [row.cells for row in source.rows if row.kind == "fuel"]
    if found.energy_kind is None:
        unclear = (one.get("energy", "") for one in fills if kind_of(one) is None)
        yield _asked("energy_kind", _KINDS, unclear)
    if found.full is None:
        yield _asked("full", ("yes", "no"), (one["day"] for one in fills if "day" in one and not _tells_full(one)))
    if found.time_zone is None:
        instants = (text for _, text in _cells(source.rows, ("day",)) if text.endswith("Z"))
        yield _asked("time_zone", (), instants)


def kind_of(cells: Mapping[str, str]) -> EnergyKind | None:
    """The kind of energy that a fill names; None when it names none, or something vague."""
    text = cells.get("energy")
    return None if text is None else words.energy_kind(text)


def _has_bare_liquid(row: RawRow, declared: EnergyKind | None) -> bool:
    if "volume" not in row.cells or "volume_unit" in row.cells:
        return False
    kind = kind_of(row.cells) or declared
    return kind is None or canonical_unit(kind) == "l"


def _tells_full(cells: Mapping[str, str]) -> bool:
    return "full" in cells or "partial" in cells


def _asked(name: QuestionField, options: tuple[str, ...], texts: Iterator[str]) -> Question | None:
    example = next(texts, None)
    return None if example is None else Question(name, options, example)


def _cells(rows: Sequence[RawRow], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for name in names:
            if (text := row.cells.get(name)) is not None:
                yield name, text


def _only[T](items: set[T]) -> T | None:
    return next(iter(items)) if len(items) == 1 else None
