"""Every way in which a record can be bad, each made from a good one."""

from collections.abc import Callable
from uuid import uuid4

from chassis.consuming import RawRecord

type Spoiler = Callable[[RawRecord], RawRecord]


def with_header(name: str, value: bytes | None) -> Spoiler:
    def spoil(record: RawRecord) -> RawRecord:
        kept = [header for header in record.headers if header[0] != name]
        return record._replace(headers=[*kept, (name, value)])

    return spoil


def without_header(name: str) -> Spoiler:
    return lambda record: record._replace(headers=[header for header in record.headers if header[0] != name])


def with_value(value: bytes | None) -> Spoiler:
    return lambda record: record._replace(value=value)


def changed(before: bytes, after: bytes) -> Spoiler:
    def spoil(record: RawRecord) -> RawRecord:
        assert record.value is not None
        assert before in record.value
        return record._replace(value=record.value.replace(before, after))

    return spoil


BAD: dict[str, Spoiler] = {
    "null ce_id": with_header("ce_id", None),
    "null ce_type": with_header("ce_type", None),
    "ce_type of bytes that are not UTF-8": with_header("ce_type", b"\xff\xfe"),
    "an unneeded ce_ header that is not UTF-8": with_header("ce_subject", b"\xff"),
    "no ce_id": without_header("ce_id"),
    "no ce_time": without_header("ce_time"),
    "ce_id that is no UUID": with_header("ce_id", b"17"),
    "ce_time that is no instant": with_header("ce_time", b"yesterday"),
    "ce_time without an offset": with_header("ce_time", b"2026-01-01T00:00:00"),
    "another specversion": with_header("ce_specversion", b"2.0"),
    "two ce_ids": lambda record: record._replace(headers=[*record.headers, ("ce_id", str(uuid4()).encode())]),
    "no headers": lambda record: record._replace(headers=[]),
    "a type that nobody lists": with_header("ce_type", b"sample.note.shredded.v1"),
    "a newer version of a type": with_header("ce_type", b"sample.note.noted.v2"),
    "an empty value": with_value(b""),
    "no JSON": with_value(b"{"),
    "no UTF-8": with_value(b'{"text": "\xff"}'),
    "JSON that is no object": with_value(b"[]"),
    "JSON nested 100,000 deep": with_value(b"[" * 100_000 + b"]" * 100_000),
    "a huge number": changed(b'"sequence":1', b'"sequence":1' + b"0" * 400),
    "a missing field": changed(b'"text"', b'"test"'),
    "a sequence of 0": changed(b'"sequence":1', b'"sequence":0'),
    "a tombstone where there are none": with_value(None),
    "no key": lambda record: record._replace(key=None),
    "the key of another aggregate": lambda record: record._replace(key=str(uuid4()).encode()),
    "a key that is not UTF-8": lambda record: record._replace(key=b"\xff"),
    "a text that PostgreSQL cannot hold": changed(b'"a note"', rb'"a \u0000 note"'),
    "a refusal by the handler": changed(b'"a note"', b'"poison"'),
}
