"""What a format finds in a file before anything is converted: texts under the names of fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from owners.domain.fuel.units import VolumeUnit
from owners.domain.odometer.reading import Unit
from owners.imports.rows import CarDetails, DateOrder, DecimalSeparator
from owners.imports.table import Record

type Kind = Literal["fuel", "service", "expense", "reading"]
type Aliases = Mapping[str, str]
"""A header, as `plain` makes it, to the field that it stands for."""

NUMBERS: Final = ("odometer", "volume", "unit_price", "total")
MONEY: Final = ("total", "unit_price")

_BLANKS: Final = re.compile(r"[\s\u00a0]+")
_OPTIONAL: Final = re.compile(r"\s*\(optional\)$")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RawRow:
    """One record as texts. `cells` has only what is not blank; `headers` names each field as the file does."""

    line: int
    section: str
    kind: Kind
    cells: Mapping[str, str]
    headers: Mapping[str, str]
    unknown: Mapping[str, str] = _NONE
    external_id: str | None = None
    vehicle: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file tells about itself. `gallons`: it counts in gallons and does not say which.

    `zero_is_unknown`: a reading, a volume or a price of 0 means that nobody typed one. `verbatim`: texts are taken
    with the blanks around them, and an apostrophe before them is CarPass' own mark.
    """

    decimal_separator: DecimalSeparator | None = None
    date_order: DateOrder | None = None
    distance_unit: Unit | None = None
    volume_unit: VolumeUnit | None = None
    gallons: bool = False
    zero_is_unknown: bool = True
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that one format found in one table."""

    format: str
    rows: Sequence[RawRow]
    facts: Facts = Facts()
    car: CarDetails | None = None
    ignored: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """The header line of a table: which column holds which field, and what the others are called."""

    fields: tuple[str | None, ...]
    names: tuple[str, ...]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, header: Sequence[str], aliases: Aliases) -> Columns:
        """Fields by header; of two columns for one field the first has it."""
        fields: list[str | None] = []
        for name in header:
            found = aliases.get(plain(name))
            fields.append(None if found in fields else found)
        return cls.placed(header, fields)

    @classmethod
    def placed(cls, header: Sequence[str], fields: Sequence[str | None]) -> Columns:
        """Fields by place; headers that repeat are told apart by a number."""
        names = _told_apart(header)
        told = {name: shown for name, shown in zip(fields, names, strict=True) if name is not None}
        return cls(tuple(fields), names, told)

    def cells(self, record: Record) -> dict[str, str]:
        """Field to text, without the blank ones."""
        pairs = zip(self.fields, record.cells, strict=False)
        return {name: text for name, text in pairs if name is not None and text and not text.isspace()}

    def unknown(self, record: Record) -> dict[str, str]:
        """The columns that stand for no field, and cells beyond the last header."""
        left = {
            self.names[place]: text
            for place, text in enumerate(record.cells[: len(self.fields)])
            if text and self.fields[place] is None
        }
        for place, text in enumerate(record.cells[len(self.fields) :], len(self.fields) + 1):
            if text:
                left[f"column {place}"] = text
        return left


def plain(header: str) -> str:
    """A header as aliases have it: lower case, single blanks, nothing about being optional."""
    return _OPTIONAL.sub("", _BLANKS.sub(" ", header).strip().casefold())


def _told_apart(header: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    names = []
    for place, raw in enumerate(header, 1):
        name = raw.strip() or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(names)
