"""Imports as they are asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field, field_validator

from chassis.http import ApiModel
from contracts.exchange_records import Kind
from owners.api.values import CurrencyCode, TimeZone
from owners.domain.car import EnergyKind
from owners.domain.files import AttachedTo, MediaType
from owners.domain.fuel.units import VolumeUnit
from owners.domain.odometer.reading import Unit
from owners.exchange.difference import Compared, Difference, Status
from owners.exchange.difference_files import FileStatus
from owners.exchange.job import ReadFile
from owners.imports.formats.mapped import FIELDS
from owners.imports.rows import Declared

type FileFormat = Literal["carpass", "fuelio", "drivvo", "acar", "fuelly", "spritmonitor", "lubelogger", "generic"]

MOST_ROWS: Final = 1_000
_OF_FILE: Final = ("sha256", "name", "media_type", "size", "belongs_to", "external_id")
_URGENCY: Final[dict[Status, int]] = {"conflict": 0, "error": 0, "new": 1, "duplicate": 2}


class ImportQuery(ApiModel):
    """Into which car, and whether anything shall change."""

    car_id: UUID
    mode: Literal["dry-run", "commit"] = "dry-run"
    format: FileFormat | None = Field(default=None, description="Left out: what the file looks like.")
    decimal_separator: Literal[".", ","] | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    distance_unit: Unit | None = None
    volume_unit: VolumeUnit | None = None
    currency: CurrencyCode | None = None
    energy_kind: EnergyKind | None = Field(
        default=None, description="Of fills that name no fuel; left out, what a car runs on that runs on one."
    )
    full: bool | None = Field(default=None, description="Whether fills that do not tell were full ones.")
    time_zone: TimeZone | None = None
    vehicle: Annotated[str, Field(max_length=200, description="Which one of the file's.")] | None = None
    columns: Annotated[
        tuple[str, ...],
        Field(max_length=60, description="`column=field`, for tables of no known app.", examples=[["Сумма=total"]]),
    ] = ()
    hash: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$", description="Of the dry run; a commit needs it.")] = (
        None
    )

    @field_validator("columns")
    @classmethod
    def _to_known_fields(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if any(column.rpartition("=")[2] not in FIELDS or not column.rpartition("=")[0] for column in columns):
            raise ValueError(f"column=field, where field is one of {', '.join(FIELDS)}")
        return columns

    def declared(self) -> Declared:
        """What the caller knows about the file."""
        names = {"format", "decimal_separator", "date_order", "distance_unit", "volume_unit", "currency"}
        told = self.model_dump(include=names | {"energy_kind", "full", "time_zone", "vehicle"})
        mapping = {name: field for name, _, field in (column.rpartition("=") for column in self.columns)}
        return Declared(**told, columns=mapping)


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
    unknown: dict[str, str] = Field(description="Columns of the file that have no place here.")


class FileCounts(ApiModel):
    """How many files there are of each status."""

    new: int
    duplicate: int
    conflict: int


class FileResponse(ApiModel):
    """A file of the archive. Only a new one is added; a conflict is a photo of a car that has another one."""

    status: FileStatus
    sha256: str
    name: str | None
    media_type: MediaType
    size: int
    belongs_to: AttachedTo
    external_id: str | None = Field(description="Of the record that it belongs to; null of a photo.")
    record_id: UUID | None = Field(description="That record here; null when it is new itself.")


class ProblemResponse(ApiModel):
    """A row that cannot be taken in, and why."""

    line: int
    field: str = Field(examples=["expenses/currency"])
    code: str = Field(examples=["unknown_currency"])
    message: str


class QuestionResponse(ApiModel):
    """What the file leaves open: send it again with the answer in the query. No options: any valid value."""

    field: str = Field(examples=["currency"])
    options: list[str]
    example: str = Field(description="A value of the file that can be read in more than one way.")


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
    file_counts: FileCounts
    files: list[FileResponse] = Field(description="Of a zip with a carpass.exchange.v1 document.")
    problems: list[ProblemResponse]
    questions: list[QuestionResponse] = Field(description="While one is open there are no rows, and no commit.")
    ignored: dict[str, int] = Field(
        description="What was left out on purpose, by reason.", examples=[{"templates": 1, "loan_payments": 12}]
    )


def difference_response(found: Difference, read: ReadFile, mode: Literal["dry-run", "commit"]) -> DifferenceResponse:
    """The difference, as much of it as anybody reads."""
    shown = sorted(found.rows, key=lambda row: _URGENCY[row.status])[:MOST_ROWS]
    return DifferenceResponse(
        mode=mode,
        format=read.format,
        hash=found.hash,
        counts=Counts(**found.counts),
        rows=[_row(row) for row in shown],
        rows_left_out=len(found.rows) - len(shown),
        file_counts=FileCounts(**found.file_counts),
        files=[
            FileResponse(status=status, record_id=record_id, **{name: getattr(file, name) for name in _OF_FILE})
            for status, file, record_id in sorted(found.files, key=lambda one: _URGENCY[one.status])[:MOST_ROWS]
        ],
        problems=[
            ProblemResponse(line=one.line, field=one.field, code=one.code, message=one.message)
            for one in found.problems
        ],
        questions=[
            QuestionResponse(field=one.field, options=list(one.options), example=one.example) for one in read.questions
        ],
        ignored=dict(read.ignored),
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
            "unknown": dict(one.unknown),
        }
    )
