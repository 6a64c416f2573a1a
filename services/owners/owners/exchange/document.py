"""`carpass.exchange.v1` as it is written: piece by piece, with little memory however long the car's life is."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from contracts.exchange import FORMAT, LISTS, ExchangeAttachment, ExchangeCar, OriginMeterReplacement
from contracts.exchange_records import ExchangeItem, Kind
from contracts.exchange_terms import ExchangeTerms
from owners.domain.car import Car
from owners.exchange.records import Found, Row, amendments_of, original_of

_FAST: Final = 1
_PIECE: Final = 1 << 16
_ATTESTATION: Final = ("center_id", "work_order_id", "revision", "snapshot_sha256")


class DocumentWriter:
    """Takes the records list by list, keeps them compressed, and gives the document when all are there.

    So the database is read at once and left alone, however slowly somebody takes the document.
    """

    def __init__(
        self, car: Car, exported_at: datetime, *, terms: ExchangeTerms, attachments: Sequence[ExchangeAttachment] = ()
    ) -> None:
        self.attachments = attachments
        self._terms = terms
        self._car = car
        self._exported_at = exported_at
        self._data = Spool()
        self._origins = Spool()
        self._hash = hashlib.sha256()
        self._begun = False
        self._has_records = False
        self._write(b"{")

    @property
    def owner_id(self) -> UUID:
        """Whose car it is of."""
        return self._car.owner_id

    def begin(self, kind: Kind) -> None:
        """Begins a list: all of them, in the order of LISTS."""
        self._write(f'{"]," if self._begun else ""}"{LISTS[kind]}":['.encode())
        self._begun, self._has_records = True, False

    def add(self, record: ExchangeItem, origin: Mapping[str, Any]) -> None:
        """A record of the list, and where it comes from."""
        self._write(b"," if self._has_records else b"")
        self._write(record.model_dump_json().encode())
        self._has_records = True
        self.mention(origin)

    def mention(self, origin: Mapping[str, Any]) -> None:
        """Where something comes from that is no record of this car."""
        self._origins.write((b"," if self._origins.size else b"") + orjson.dumps(origin, default=_id_text))

    def pieces(self, *, without: Collection[str] = ()) -> Iterator[bytes]:
        """The document, once. `without`: SHA-256 of files that were removed while it was made."""
        self._write(b"]}")
        yield f'{{"format":"{FORMAT}","car":{described_car(self._car).model_dump_json()},"data":'.encode()
        yield from self._data.pieces()
        yield b',"origin":'
        about = {
            "car_id": self._car.id,
            "exported_at": self._exported_at.astimezone(UTC),
            "data_sha256": self._hash.hexdigest(),
        }
        yield orjson.dumps(about, default=_id_text)[:-1] + b',"records":['
        yield from self._origins.pieces()
        yield b']},"terms":' + self._terms.model_dump_json().encode() + b',"attachments":['
        there = (file for file in self.attachments if file.sha256 not in without)
        for place, file in enumerate(there):
            yield (b"," if place else b"") + file.model_dump_json().encode()
        yield b"]}"

    def _write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._data.write(piece)


class Spool:
    """Bytes that are kept compressed until they are asked for."""

    def __init__(self) -> None:
        """Empty."""
        self.size = 0
        self._compress = zlib.compressobj(_FAST)
        self._kept: list[bytes] = []

    def write(self, piece: bytes) -> None:
        """Adds bytes."""
        self.size += len(piece)
        if packed := self._compress.compress(piece):
            self._kept.append(packed)

    def pieces(self) -> Iterator[bytes]:
        """All of them, once."""
        self._kept.append(self._compress.flush())
        expand = zlib.decompressobj()
        for packed in self._kept:
            piece = expand.decompress(packed, _PIECE)
            while piece:
                yield piece
                piece = expand.decompress(expand.unconsumed_tail, _PIECE)


def origin_of(kind: Kind, row: Found, external_id: str) -> dict[str, Any]:
    """What an export tells of where a row of db/exchange.py comes from; its own origin word for word."""
    attested = row["told_by"] == "attested"
    return {
        "kind": kind,
        "external_id": external_id,
        "id": row["id"],
        "provenance": row["told_by"],
        "author_id": row["author_id"],
        "created_at": row["created_at"],
        "attestation": {name: row[name] for name in _ATTESTATION} if attested else None,
        "reading": _reading(row),
        "original": original_of(kind, row),
        "amendments": amendments_of(kind, row),
        "source": None if row["origin"] is None else orjson.Fragment(row["origin"]),
    }


def _reading(row: Row) -> dict[str, Any] | None:
    if row["reading_id"] is None:
        return None
    told = {name: row[f"reading_{name}"] for name in ("id", "source", "provenance", "verdict")}
    told["candidates_km"] = list(row["reading_candidates_km"])
    if row["reading_meter_offset_km"]:
        told["meter_offset_km"] = row["reading_meter_offset_km"]
    if row["meter_id"] is not None:
        told["meter_replacement"] = {name: row[f"meter_{name}"] for name in OriginMeterReplacement.model_fields}
    return told


def _id_text(value: object) -> str:
    """The driver's ids, which are of a kind of their own, and readings as they were entered."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(type(value).__name__)


def described_car(car: Car) -> ExchangeCar:
    """The car, as its owner may take it along."""
    named = {name: getattr(car, name) for name in ExchangeCar.model_fields}
    value = car.purchase_odometer_value
    named |= {
        "tags": tuple(car.tags),
        "energy_kinds": tuple(car.energy_kinds),
        "purchase_odometer_value": None if value is None else format(value, "f"),
    }
    return ExchangeCar(**named)
