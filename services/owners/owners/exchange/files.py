"""A car's files as the exchange describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.exchange import ExchangeAttachment
from owners.domain.files import KeptFile
from owners.exchange.records import external_id_of

FOLDER: Final = "attachments/"
DOCUMENT: Final = "car.json"
AT_ONCE_BYTES: Final = 10_000_000
"""How much of them is in memory at a time."""


def described_files(rows: Iterable[KeptFile]) -> list[ExchangeAttachment]:
    """Each file where it belongs, in an order that is the same wherever they are taken, unlike their ids."""
    found = [
        ExchangeAttachment.model_construct(
            sha256=row.sha256.hex(),
            name=row.name,
            media_type=row.media_type,
            size=row.size,
            belongs_to=row.attached_to,
            external_id=None if row.attached_to == "photo" else row.imported_as or external_id_of(row.target_id),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.belongs_to, one.external_id or "", one.sha256))


def in_pieces[T](files: Iterable[tuple[T, int]]) -> Iterator[list[T]]:
    """Files and their sizes, as many at a time as memory is meant for."""
    piece: list[T] = []
    taken = 0
    for file, size in files:
        if piece and taken + size > AT_ONCE_BYTES:
            yield piece
            piece, taken = [], 0
        piece.append(file)
        taken += size
    if piece:
        yield piece
