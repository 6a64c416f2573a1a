"""From a `carpass.exchange.v1` document to records. It says what it likes: nothing in it is believed to be attested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ValidationError

from chassis import strict_json
from chassis.problems import BadRequest
from contracts.exchange import FORMAT, LISTS, RECORDS, ExchangeDocument
from contracts.exchange_records import Kind
from owners.exchange.candidate import Candidate
from owners.exchange.rules import BrokenRule, checked
from owners.imports.rows import CarDetails, Limits, NotReadable, RowProblem

_MOST_ORIGIN_BYTES: Final = 64_000


def is_document(data: bytes) -> bool:
    """Whether it looks like JSON: no other format begins like that."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def loaded(data: bytes, limits: Limits) -> dict[str, Any]:
    """The document as it stands there; raises NotReadable for what is no such document."""
    try:
        strict_json.check(data.removeprefix(b"\xef\xbb\xbf"))
    except BadRequest as error:
        raise NotReadable("bad_json", error.detail or "The file is not acceptable JSON.") from error
    document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotReadable("unknown_format", f"This JSON file does not call itself {FORMAT}.")
    if unknown := document.keys() - ExchangeDocument.model_fields.keys():
        raise NotReadable("unknown_field", f"The document has a part that is unknown here: {min(unknown)[:100]}.")
    lists = document.get("data")
    if not isinstance(lists, dict) or not lists.keys() <= set(LISTS.values()):
        raise NotReadable("bad_data", "`data` holds the lists of records, and nothing else.")
    if not all(isinstance(records, list) for records in lists.values()):
        raise NotReadable("bad_data", "Each part of `data` is a list.")
    if not isinstance(document.get("attachments", []), list):
        raise NotReadable("bad_data", "`attachments` is a list.")
    if sum(map(len, lists.values())) > limits.rows:
        raise NotReadable("too_many_rows", f"A file may have at most {limits.rows} rows.")
    return document


def candidates_of(document: Mapping[str, Any], now: datetime) -> Iterator[Candidate | RowProblem]:
    """Each record, or why it cannot be taken in; its line is its place in its list, counted from 1."""
    origins = _origins(document.get("origin"))
    for kind, section in LISTS.items():
        for line, record in enumerate(document["data"].get(section, ()), start=1):
            try:
                yield _candidate(kind, record, origins, line, now)
            except BrokenRule as broken:
                yield RowProblem(line, f"{section}/{broken.field}", broken.code, broken.message)


def left_out_of(document: Mapping[str, Any]) -> dict[str, int]:
    """How much of it is shown and not taken in: what its owner settled for the car is settled anew by the next one."""
    terms = document.get("terms")
    if not isinstance(terms, dict):
        return {}
    several = sum(len(terms[name]) for name in ("valuations", "schedules") if isinstance(terms.get(name), list))
    count = several + sum(terms.get(name) is not None for name in ("depreciation", "loan"))
    return {"terms": count} if count else {}


def car_of(document: Mapping[str, Any]) -> CarDetails | None:
    """What it says about the car; None when that is no description of one."""
    told = document.get("car")
    if not isinstance(told, dict):
        return None
    text = {name: told[name] for name in ("vin", "plate", "make", "model") if isinstance(told.get(name), str)}
    name, year, unit = told.get("nickname"), told.get("year"), told.get("odometer_unit")
    return CarDetails(
        name=name if isinstance(name, str) else None,
        year=year if isinstance(year, int) else None,
        odometer_unit=unit if unit in ("km", "mi") else None,
        **text,
    )


def _candidate(kind: Kind, record: object, origins: Mapping[Any, Any], line: int, now: datetime) -> Candidate:
    try:
        parsed = RECORDS[kind].model_validate_json(orjson.dumps(record), strict=True)
    except ValidationError as error:
        raise BrokenRule.of_form(error) from error
    origin = _text(origins.get((kind, parsed.external_id)))
    return Candidate.of(checked(parsed, now), line=line, section=LISTS[kind], origin=origin)


def _origins(origin: object) -> dict[Any, dict[str, Any]]:
    """By kind and external id, what is told about each record."""
    records = origin.get("records") if isinstance(origin, dict) else None
    if not isinstance(records, list):
        return {}
    found: dict[Any, dict[str, Any]] = {}
    for record in records:
        if isinstance(record, dict) and all(isinstance(record.get(name), str) for name in ("kind", "external_id")):
            found[record["kind"], record["external_id"]] = record
    return found


def _text(origin: dict[str, Any] | None) -> str | None:
    """The first source, word for word, however many hands the record went through."""
    if origin is None:
        return None
    source = origin.get("source")
    text = orjson.dumps(source if isinstance(source, dict) else origin)
    if len(text) > _MOST_ORIGIN_BYTES:
        raise BrokenRule("origin", "too_long", f"The origin of a record has at most {_MOST_ORIGIN_BYTES} bytes.")
    return text.decode()
