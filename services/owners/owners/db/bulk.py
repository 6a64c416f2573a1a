"""Many rows by one statement, so that a batch costs as many round trips as a single event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import batched
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, CollectionAggregate, Column, Table, Uuid, any_, cast
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from chassis.db import Transaction
from chassis.together import Statement, together

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Row = Mapping[str, Any]

MOST_ROWS: Final = 2_000
"""In one statement, which so ends long before its deadline."""
_NEW_OF_BOTH: Final = Statement("SELECT id, true FROM first UNION ALL SELECT id, false FROM second", ())


def columns_of(record: DataclassInstance | tuple[Any, ...]) -> dict[str, Any]:
    """A dataclass' or named tuple's fields as a row; copies nothing, unlike `asdict`: that took a third of a batch."""
    if isinstance(record, tuple):
        return dict(zip(record._fields, record, strict=True))  # type: ignore[attr-defined]  # no type says "a named one"
    names, values_of = _reader(type(record))
    return dict(zip(names, values_of(record), strict=True))


async def insert_new(tx: Transaction, table: Table, rows: Sequence[Row]) -> set[UUID]:
    """Inserts rows, all of its columns each, less those that break a unique key; the ids of the inserted ones."""
    inserted: set[UUID] = set()
    for one in _insertions(table, rows):
        inserted |= {row[0] for row in await tx.rows(one.query, *one.arguments)}
    return inserted


async def insert_new_of_both(
    tx: Transaction, first: tuple[Table, Sequence[Row]], second: tuple[Table, Sequence[Row]]
) -> tuple[set[UUID], set[UUID]]:
    """`insert_new` for two tables in one round trip; rows of one may refer to those of the other."""
    if not all(0 < len(rows) <= MOST_ROWS for _, rows in (first, second)):
        return await insert_new(tx, *first), await insert_new(tx, *second)
    of_first, of_second = (one for each in (first, second) for one in _insertions(*each))
    both = together([of_first._replace(name="first"), of_second._replace(name="second"), _NEW_OF_BOTH])
    found = await tx.rows(both.query, *both.arguments)
    return {id_ for id_, is_first in found if is_first}, {id_ for id_, is_first in found if not is_first}


def put_new(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """`insert_new` with whatever comes next, for who need not know which are new."""
    tx.put_off(*_insertions(table, rows))


def put_changes(tx: Transaction, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """`update_by_id` with whatever comes next."""
    tx.put_off(*_changes(table, columns, rows))


async def upsert_newer(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Keeps the newest state of each id: replaces rows whose stored `sequence` is lower."""
    newest = {row["id"]: row for row in sorted(rows, key=lambda row: row["sequence"])}
    if newest:
        await tx.rows(_upsert(table), *_table_shape(table).arrays(list(newest.values())))


async def update_by_id(tx: Transaction, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Sets these columns of the rows with the given ids."""
    for one in _changes(table, columns, rows):
        await tx.rows(one.query, *one.arguments)


def any_of(ids: Collection[UUID]) -> CollectionAggregate[Any]:
    """The right side of `column == …`: one parameter and one prepared statement, however many ids there are."""
    return any_(cast(list(ids), ARRAY(Uuid)))


def _insertions(table: Table, rows: Sequence[Row]) -> Iterator[Statement]:
    for some in batched(rows, MOST_ROWS):
        yield Statement(_insert(table), _table_shape(table).arrays(some))


def _changes(table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[Statement]:
    chosen = ("id", *columns)
    for some in batched(rows, MOST_ROWS):
        yield Statement(_update(table, chosen), _shape(table, chosen).arrays(some))


class _Shape(NamedTuple):
    """How rows of some columns are taken apart. Found out once: SQLAlchemy's names and types are slow to ask."""

    values_of: itemgetter[Any]
    as_text: Mapping[int, Callable[[Any], str | None]]

    def arrays(self, rows: Sequence[Row]) -> list[Sequence[Any]]:
        """One for each column, in the order of `_select`."""
        arrays: list[Sequence[Any]] = list(zip(*map(self.values_of, rows), strict=True))
        for place, text_of in self.as_text.items():
            arrays[place] = list(map(text_of, arrays[place]))
        return arrays


@cache
def _table_shape(table: Table) -> _Shape:
    return _shape(table, tuple(column.name for column in table.columns))


@cache
def _shape(table: Table, columns: tuple[str, ...]) -> _Shape:
    chosen = [table.columns[name] for name in columns]
    as_text = {place: _as_text(column) for place, column in enumerate(chosen) if _travels_as_text(column)}
    return _Shape(itemgetter(*map(str, columns)), as_text)


@cache
def _reader(kind: type[DataclassInstance]) -> tuple[tuple[str, ...], attrgetter[tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


@cache
def _insert(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    return (
        f"INSERT INTO {table.name} ({names}) {_select(list(table.columns))} ORDER BY id "
        "ON CONFLICT DO NOTHING RETURNING id"
    )


@cache
def _upsert(table: Table) -> str:
    names = [column.name for column in table.columns]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) {_select(list(table.columns))} ORDER BY id "
        f"ON CONFLICT (id) DO UPDATE SET {changes} WHERE {table.name}.sequence < excluded.sequence"
    )


@cache
def _update(table: Table, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f"{name} = new.{name}" for name in columns if name != "id")
    chosen = _select([table.columns[name] for name in columns])
    return (
        f"UPDATE {table.name} SET {changes} FROM ({chosen}) AS new "  # noqa: S608 -- our names
        f"WHERE {table.name}.id = new.id"
    )


def _select(columns: Sequence[Column[Any]]) -> str:
    """Rows from one array per column. What unnest would take apart, or not take at all, travels as text."""
    shown = ", ".join(f"CAST({column.name} AS {_type(column)}) AS {column.name}" for column in columns)
    arrays = ", ".join(
        f"${place}::{'text' if _travels_as_text(column) else _type(column)}[]"
        for place, column in enumerate(columns, start=1)
    )
    return f"SELECT {shown} FROM unnest({arrays}) AS given ({', '.join(column.name for column in columns)})"  # noqa: S608


def _travels_as_text(column: Column[Any]) -> bool:
    return isinstance(column.type, ARRAY | JSONB)


def _as_text(column: Column[Any]) -> Callable[[Any], str | None]:
    if isinstance(column.type, JSONB):
        return _json_or_null if column.nullable else _json_text
    return _array_text


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _json_or_null(value: Any) -> str | None:
    return None if value is None else _json_text(value)


def _array_text(value: Sequence[Any]) -> str:
    return "{" + ",".join(_quoted(item) if isinstance(item, str) else str(item) for item in value) + "}"


def _quoted(item: str) -> str:
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _type(column: Column[Any]) -> str:
    return str(column.type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call] # untyped there
