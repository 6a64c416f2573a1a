"""The audit log's hash chain: each row's hash covers the one before it, so nothing in between can change unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GENESIS = b"\x00" * 32
"""The hash before the first row of a chain."""


@dataclass(frozen=True, slots=True)
class Link:
    """A stored row of a chain: `record` is its canonical JSON, `columns_agree` whether the columns tell the same."""

    height: int
    record: bytes
    previous: bytes
    hash: bytes
    columns_agree: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A height and its hash, as they were signed and put elsewhere."""

    height: int
    hash: bytes


def link_hash(previous: bytes, record: bytes) -> bytes:
    """SHA-256(previous || record)."""
    return hashlib.sha256(previous + record).digest()


def first_break(links: Iterable[Link], checkpoints: Iterable[Checkpoint], *, height: int, head: bytes) -> str | None:
    """A sentence that names the first altered, deleted, reordered or cut-off row of a chain; None: it is whole.

    `links` come in order of height; `height` and `head` are where the chain claims to end.
    """
    signed = {checkpoint.height: checkpoint.hash for checkpoint in checkpoints}
    previous, last = GENESIS, 0
    for link in links:
        if found := next(_breaks_of(link, previous, last, signed), None):
            return found
        previous, last = link.hash, link.height
    missing = max([height, *signed])
    if last < missing:
        return f"row {last + 1} is missing: the chain is cut off after row {last} of {missing}"
    return None if head == previous else f"row {last} is not the head that the chain was left with"


def _breaks_of(link: Link, previous: bytes, last: int, signed: dict[int, bytes]) -> Iterator[str]:
    if link.height != last + 1:
        yield f"row {last + 1} is missing: row {link.height} follows row {last}"
    if link.previous != previous:
        yield f"row {link.height} does not follow row {last}: one of them was replaced or moved"
    if link_hash(link.previous, link.record) != link.hash or not link.columns_agree:
        yield f"row {link.height} was altered"
    if signed.get(link.height, link.hash) != link.hash:
        yield f"row {link.height} differs from its signed checkpoint: the chain was rewritten"
