"""Spritmonitor: semicolons, a decimal comma, the day first, kinds of fuel by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from owners.imports.formats.section import Section, raw
from owners.imports.source import Aliases, Facts, RawRow, Source, plain
from owners.imports.table import Record

NAME: Final = "spritmonitor"
ESCAPE: Final = "\\"

_ALIASES: Final[Aliases] = MappingProxyType(
    {
        **dict.fromkeys(("datum", "date"), "day"),
        **dict.fromkeys(("km-stand", "odometer"), "odometer"),
        **dict.fromkeys(("spritmenge", "quantity"), "volume"),
        **dict.fromkeys(("kosten", "total price"), "total"),
        **dict.fromkeys(("währung", "currency"), "currency"),
        **dict.fromkeys(("bemerkung", "note"), "note"),
    }
)
_FUELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("1", "2", "3", "4"), "diesel"),
        **dict.fromkeys(("6", "7", "8", "9", "15", "16", "18", "20", "22"), "petrol"),
        "12": "lpg",
        **dict.fromkeys(("13", "14"), "cng"),
        "19": "electric",
        "23": "hydrogen",
    }
)
_ADBLUE: Final = "21"
_INVALID, _FULL, _FIRST = "0", "1", "3"


def is_spritmonitor(records: Sequence[Record]) -> bool:
    """Whether its header has Spritmonitor's columns, in German or English."""
    names = {plain(cell) for cell in records[0].cells} if records else set()
    return {"tankart", "spritmenge"} <= names or {"quantity", "total price", "type"} <= names


def read(records: Sequence[Record]) -> Source:
    """Its fills; invalid ones and AdBlue are counted and left out."""
    section = Section("fuelings", records[0], list(records[1:]))
    ignored: Counter[str] = Counter()
    rows = [row for record in section.rows if (row := _row(section, record, ignored)) is not None]
    facts = Facts(decimal_separator=",", date_order="dmy", distance_unit="km", volume_unit="l")
    return Source(NAME, rows, facts, None, dict(ignored))


def _row(section: Section, record: Record, ignored: Counter[str]) -> RawRow | None:
    told = section.named(record)
    kind = (told.get("tankart") or told.get("type") or "").strip()
    fuel = (told.get("kraftstoff") or told.get("fuel") or "").strip()
    if kind == _INVALID or fuel == _ADBLUE:
        ignored["invalid" if kind == _INVALID else "adblue"] += 1
        return None
    more = {"full": "yes" if kind in {_FULL, _FIRST} else "no"} if kind else {}
    if kind == _FIRST:
        more["missed"] = "yes"
    if fuel in _FUELS:
        more["energy"] = _FUELS[fuel]
    return raw(record, section.columns(_ALIASES), "fuel", section.title, more=more)
