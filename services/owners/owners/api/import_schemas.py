"""Imports as they are asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field

from chassis.http import ApiModel
from contracts.exchange import Kind
from owners.exchange.difference import Compared, Difference, Status

MOST_ROWS: Final = 1_000
_URGENCY: Final[dict[Status, int]] = {"conflict": 0, "error": 0, "new": 1, "duplicate": 2}


class ImportQuery(ApiModel):
    """Into which car, and whether anything shall change."""

    car_id: UUID
    mode: Literal["dry-run", "commit"] = "dry-run"
    hash: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$", description="Of the dry run; a commit needs it.")] = (
        None
    )


class Counts(ApiModel):
    """How many rows there are of each status."""

    new: int
    duplicate: int
    conflict: int
    error: int


class RowResponse(ApiModel):
    """A row of the file. Only a new one is added; a conflict names the record here and the fields that differ."""

    status: Literal["new", "duplicate", "conflict"]
    kind: Kind
    section: str = Field(examples=["expenses"])
    line: int = Field(description="Its place in its section, from 1.")
    external_id: str | None
    record: dict[str, Any] = Field(description="What the row says, as in carpass.exchange.v1.")
    record_id: UUID | None
    fields: list[str]


class ProblemResponse(ApiModel):
    """A row that cannot be taken in, and why."""

    line: int
    field: str = Field(examples=["expenses/currency"])
    code: str = Field(examples=["unknown_currency"])
    message: str


class DifferenceResponse(ApiModel):
    """What an import does or would do. `hash` is another one as soon as it would do anything else.

    Conflicts come first, then new rows, then duplicates, 1,000 in all; `counts` counts all of them.
    """

    mode: Literal["dry-run", "commit"]
    format: str = Field(examples=["carpass"])
    hash: str
    counts: Counts
    rows: list[RowResponse]
    rows_left_out: int
    problems: list[ProblemResponse]


def difference_response(found: Difference, file_format: str, mode: Literal["dry-run", "commit"]) -> DifferenceResponse:
    """The difference, as much of it as anybody reads."""
    shown = sorted(found.rows, key=lambda row: _URGENCY[row.status])[:MOST_ROWS]
    return DifferenceResponse(
        mode=mode,
        format=file_format,
        hash=found.hash,
        counts=Counts(**found.counts),
        rows=[_row(row) for row in shown],
        rows_left_out=len(found.rows) - len(shown),
        problems=[
            ProblemResponse(line=one.line, field=one.field, code=one.code, message=one.message)
            for one in found.problems
        ],
    )


def _row(row: Compared) -> RowResponse:
    one = row.candidate
    return RowResponse.model_validate(
        {
            "status": row.status,
            "kind": one.kind,
            "section": one.section,
            "line": one.line,
            "external_id": one.external_id,
            "record": orjson.loads(one.content),
            "record_id": row.record_id,
            "fields": list(row.fields),
        }
    )
