"""`carpass.exchange.v1`: one car's life as a document that its owner takes along, to another car or another place.

`data` is what an import makes: exporting, importing into an empty car and exporting again gives the same bytes.
`origin` tells where it comes from: ids, provenance and hashes, to be read and never believed.
"""

from __future__ import annotations

from datetime import date
from operator import not_
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Currency, Sha256
from contracts.exchange_records import (
    BelongsTo,
    ExchangeExpense,
    ExchangeFuelEntry,
    ExchangeItem,
    ExchangeLine,
    ExchangePaper,
    ExchangeReading,
    ExchangeServiceEntry,
    Kind,
    MediaType,
)
from contracts.exchange_terms import ExchangeTerms
from contracts.exchange_values import (
    ExternalId,
    Name,
    Part,
)
from contracts.owners import EnergyKind, OdometerUnit, Provenance, ReadingSource, Verdict

FORMAT: Final = "carpass.exchange.v1"
MAX_FILE_BYTES: Final = 10_000_000


class ExchangeData(Part):
    """The records, each list by date (documents have none) and then by external id."""

    fuel_entries: tuple[ExchangeFuelEntry, ...]
    service_entries: tuple[ExchangeServiceEntry, ...]
    expenses: tuple[ExchangeExpense, ...]
    readings: tuple[ExchangeReading, ...]
    documents: tuple[ExchangePaper, ...] = ()


class ExchangeAttachment(Part):
    """A file, and the record that it belongs to; the car's photo belongs to no record.

    Its content is `attachments/<sha256>` beside this document in a zip.
    """

    sha256: Sha256
    name: Name | None
    media_type: MediaType
    size: Annotated[int, Field(gt=0, le=MAX_FILE_BYTES)]
    belongs_to: BelongsTo
    external_id: ExternalId | None


class ExchangeCar(Part):
    """The car that the document was made of. An import shows it and changes no car by it."""

    vin: str | None
    frame_number: str | None
    plate: str | None
    make: str | None
    model: str | None
    year: int | None
    nickname: str | None
    tags: tuple[str, ...]
    energy_kinds: tuple[EnergyKind, ...]
    odometer_unit: OdometerUnit
    currency: Currency
    purchase_date: date | None
    purchase_price_minor: int | None
    purchase_currency: Currency | None
    purchase_odometer_value: str | None
    purchase_odometer_unit: OdometerUnit | None


class OriginAttestation(Part):
    """The completed work order behind a record."""

    center_id: UUID
    work_order_id: UUID
    revision: int
    snapshot_sha256: Sha256


class OriginBill(Part):
    """What an attested record says of lines and costs; amounts are null to a later owner."""

    lines: tuple[ExchangeLine, ...] | None
    cost_minor: int | None
    next_due_km: int | None
    next_due_months: int | None


class OriginAmendment(OriginBill):
    """An accepted correction of an attested record; without lines it leaves them and the cost as they are.

    `data` has what is in force; a voided record is told of in `origin` only.
    """

    revision: int
    correction_id: UUID
    kind: Literal["work", "money", "odometer", "void"]
    reason: str
    accepted_at: AwareDatetime
    snapshot_sha256: Sha256
    amendment_sha256: Sha256


class OriginMeterReplacement(Part):
    """The meter that a center replaced in the work order behind a record: from then on another one was read.

    `removed_value` is null when the old one could not be read; it counts up to `removed_km` all the same.
    """

    id: UUID
    removed_value: str | None
    removed_unit: OdometerUnit
    removed_km: int
    installed_value: str
    installed_unit: OdometerUnit
    installed_km: int
    replaced_on: date
    replaced_at: AwareDatetime
    reason: str


class OriginReading(Part):
    """What was thought of a record's reading where it was exported.

    `meter_offset_km` is what earlier meters of the car counted. Both of these are told of cars only whose meter was
    replaced; an import keeps them word for word and does not go by them: a replacement is for a center to attest.
    """

    id: UUID
    source: ReadingSource
    provenance: Provenance
    verdict: Verdict
    candidates_km: tuple[int, ...]
    meter_offset_km: Annotated[int, Field(exclude_if=not_)] = 0
    meter_replacement: Annotated[OriginMeterReplacement | None, Field(exclude_if=not_)] = None


class OriginRecord(Part):
    """Where one record comes from. `source`: what its own import said, if it was imported, word for word."""

    kind: Kind
    external_id: ExternalId
    id: UUID
    provenance: Provenance
    author_id: UUID
    created_at: AwareDatetime
    attestation: OriginAttestation | None
    reading: OriginReading | None
    original: OriginBill | None = None
    amendments: tuple[OriginAmendment, ...] = ()
    source: dict[str, Any] | None


class ExchangeOrigin(Part):
    """Where the document comes from; `data_sha256` is of the bytes of `data` as they were written."""

    car_id: UUID
    exported_at: AwareDatetime
    data_sha256: Sha256
    records: tuple[OriginRecord, ...]


class ExchangeDocument(Part):
    """The document, UTF-8."""

    format: Literal["carpass.exchange.v1"]
    car: ExchangeCar
    data: ExchangeData
    origin: ExchangeOrigin
    terms: ExchangeTerms | None = None
    attachments: tuple[ExchangeAttachment, ...] = ()


RECORDS: Final[dict[Kind, type[ExchangeItem]]] = {
    "fuel_entry": ExchangeFuelEntry,
    "service_entry": ExchangeServiceEntry,
    "expense": ExchangeExpense,
    "reading": ExchangeReading,
    "document": ExchangePaper,
}
LISTS: Final[dict[Kind, str]] = {
    "fuel_entry": "fuel_entries",
    "service_entry": "service_entries",
    "expense": "expenses",
    "reading": "readings",
    "document": "documents",
}
