"""What every importer makes of a file, and every writer takes: neutral rows with normalised values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Literal

from owners.domain.car import EnergyKind
from owners.domain.fuel.units import VolumeUnit
from owners.domain.odometer.reading import Unit
from owners.domain.records import ExpenseCategory, Line

type DecimalSeparator = Literal[".", ","]
type DateOrder = Literal["ymd", "dmy", "mdy"]
type QuestionField = Literal[
    "format",
    "vehicle",
    "decimal_separator",
    "date_order",
    "distance_unit",
    "volume_unit",
    "currency",
    "energy_kind",
    "full",
    "time_zone",
    "columns",
]
"""Each is the field of `Declared` that answers it."""


@dataclass(frozen=True, slots=True)
class ImportedFuel:
    """A fill or a charge. What the file leaves out is None; no volume means that nobody knows how much it was."""

    day: date
    at: time | None
    odometer: Decimal | None
    odometer_unit: Unit | None
    energy_kind: EnergyKind
    volume: Decimal | None
    volume_unit: VolumeUnit
    unit_price: Decimal | None
    total_minor: int | None
    currency: str | None
    full: bool
    missed_before: bool
    station: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class ImportedService:
    """A service; `currency` is None when no line has an amount."""

    day: date
    odometer: Decimal | None
    odometer_unit: Unit | None
    vendor: str | None
    lines: tuple[Line, ...]
    currency: str | None
    note: str | None
    next_due_km: int | None
    next_due_months: int | None


@dataclass(frozen=True, slots=True)
class ImportedExpense:
    """A cost that is neither fuel nor a service with lines."""

    day: date
    odometer: Decimal | None
    odometer_unit: Unit | None
    category: ExpenseCategory
    amount_minor: int
    currency: str
    note: str | None


@dataclass(frozen=True, slots=True)
class ImportedReading:
    """An odometer reading that stands for itself."""

    day: date
    at: time | None
    odometer: Decimal
    odometer_unit: Unit
    note: str | None


type Record = ImportedFuel | ImportedService | ImportedExpense | ImportedReading


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A record with where it stood. `external_id` is the source's own; `unknown` holds columns without a meaning here.

    `line` is the line of the text on which the row begins, counted from 1 (in XLSX: the row of the sheet).
    """

    line: int
    section: str
    external_id: str | None
    record: Record
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row is not imported: `code` for programs, `message` for people. `field` is the file's own column."""

    line: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the file leaves open. No options: anything valid for that field. `example` is a value from the file."""

    field: QuestionField
    options: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class CarDetails:
    """What a file says about the car itself, as it stands there."""

    name: str | None = None
    vin: str | None = None
    plate: str | None = None
    make: str | None = None
    model: str | None = None
    year: int | None = None
    odometer_unit: Unit | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file as read. While a question is open there are no rows: ask again with the answers in `Declared`.

    `ignored` counts what was left out on purpose, by reason: templates, reminders, incomes, trips, other vehicles.
    """

    format: str
    car: CarDetails | None
    rows: tuple[ImportedRow, ...]
    problems: tuple[RowProblem, ...]
    questions: tuple[Question, ...]
    ignored: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the caller knows about the file: it wins over all but what a row says of itself.

    `columns` maps the file's columns to fields (generic format). `energy_kind` and `full` hold for fills that do not
    tell, and `time_zone` (IANA) turns instants into local dates.
    """

    format: str | None = None
    decimal_separator: DecimalSeparator | None = None
    date_order: DateOrder | None = None
    distance_unit: Unit | None = None
    volume_unit: VolumeUnit | None = None
    currency: str | None = None
    energy_kind: EnergyKind | None = None
    full: bool | None = None
    time_zone: str | None = None
    vehicle: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost: bytes, rows, and sizes inside of it."""

    file_bytes: int = 10_000_000
    rows: int = 50_000
    columns: int = 200
    cell_characters: int = 20_000
    archive_members: int = 100
    unpacked_bytes: int = 32_000_000
    compression_ratio: int = 200
    problems: int = 1_000


class NotReadable(Exception):  # noqa: N818 - it is named for what the file is
    """A file that is refused as a whole: none of the known formats, too big, too deep, encrypted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
