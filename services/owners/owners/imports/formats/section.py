"""Parts of a file, each with a header of its own, and their rows as texts under the names of fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from owners.imports.source import Aliases, Columns, Kind, RawRow
from owners.imports.table import Record


@dataclass(slots=True)
class Section:
    """A title, the header below it and the rows below that."""

    title: str
    header: Record
    rows: list[Record] = field(default_factory=list)

    def columns(self, aliases: Aliases) -> Columns:
        """Its columns by the names in its header."""
        return Columns.of(self.header.cells, aliases)

    def named(self, record: Record) -> dict[str, str]:
        """Header, in lower case, to text."""
        return {name.strip().casefold(): text for name, text in zip(self.header.cells, record.cells, strict=False)}


def sections_of(records: Iterable[Record], title_of: Callable[[Record], str | None]) -> list[Section]:
    """The sections in their order; `title_of` says of a line whether it is the title of one."""
    found: list[Section] = []
    title: str | None = None
    for record in records:
        told = title_of(record)
        if told is not None:
            title = told
        elif title is not None:
            found.append(Section(title, record))
            title = None
        elif found:
            found[-1].rows.append(record)
    return found


def raw(
    record: Record,
    columns: Columns,
    kind: Kind,
    section: str,
    *,
    more: Mapping[str, str] | None = None,
    external_id: str | None = None,
    vehicle: str | None = None,
) -> RawRow:
    """A row with its cells under the names of fields; `more` is what the format found out besides."""
    return RawRow(
        record.line,
        section,
        kind,
        columns.cells(record) | dict(more or {}),
        columns.headers,
        columns.unknown(record),
        external_id,
        vehicle,
    )
