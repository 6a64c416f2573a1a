"""First answers by Idempotency-Key, kept in the transaction of the effect they report."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, bindparam, delete, func, literal, select, true

from chassis.db import Transaction
from chassis.prepared import Prepared
from chassis.problems import BadRequest, Conflict, Invalid
from chassis.tables import idempotency_key

RETENTION = timedelta(hours=24)
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which request this is (`identity`), for whom, and what it said (`fingerprint`)."""

    principal: UUID
    identity: bytes
    fingerprint: bytes

    @property
    def lock(self) -> int:
        """The advisory lock of everybody who sends this very request."""
        return int.from_bytes(self.identity[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer, as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class KeptMeanwhile(Exception):  # noqa: N818 - reads as what happened
    """Another request with this key committed between our look and our insert: look again, and replay it."""


def scope_of(*, principal: UUID, method: str, path: str, key: str, body: bytes) -> Scope:
    """The scope of a request; raises BadRequest (400) for a key that is not 1 to 255 visible ASCII characters."""
    if not _VISIBLE_ASCII.fullmatch(key):
        raise BadRequest("Idempotency-Key must be 1 to 255 visible ASCII characters.", slug="bad-idempotency-key")
    identity = hashlib.sha256("\n".join((str(principal), method, path, key)).encode()).digest()
    return Scope(principal, identity, hashlib.sha256(body).digest())


def _look() -> Any:
    found = (
        select(
            idempotency_key.c.fingerprint,
            idempotency_key.c.status,
            idempotency_key.c.headers,
            idempotency_key.c.body,
        )
        .where(idempotency_key.c.scope == bindparam("scope"))
        .subquery()
    )
    lock = func.pg_try_advisory_xact_lock(bindparam("lock", type_=BigInteger)).label("locked")
    one = select(literal(1).label("one")).subquery()
    return select(lock, found).select_from(one.outerjoin(found, true()))


_LOOK = Prepared(_look())


async def first_answer(tx: Transaction, scope: Scope) -> StoredAnswer | None:
    """The answer to replay, or None when this request is the first: then its lock is held until the commit.

    Raises Conflict (409) while the first is in flight, Invalid (422) when the key came with another body.
    """
    (row,) = await tx.fetch(_LOOK, {"scope": scope.identity, "lock": scope.lock})
    if row["fingerprint"] is not None and row["fingerprint"] != scope.fingerprint:
        raise Invalid("This Idempotency-Key was used with another body.", slug="idempotency-key-reused")
    if row["fingerprint"] is not None:
        return StoredAnswer(row["status"], row["headers"], row["body"] or b"")
    if not row["locked"]:
        raise Conflict(
            "A request with this Idempotency-Key is being worked on.",
            slug="idempotency-key-in-flight",
            headers={"Retry-After": "1"},
        )
    return None


_KEEP = """
    INSERT INTO idempotency_key (scope, principal, fingerprint, status, headers, body)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
    RETURNING true
"""


async def keep_answer(tx: Transaction, scope: Scope, answer: StoredAnswer) -> None:
    """Stores a 2xx answer beside its effect, in one round trip with the events recorded so far.

    The look above takes its lock after its snapshot, so the primary key has the last word: raises KeptMeanwhile.
    """
    headers = orjson.dumps(answer.headers).decode()
    values = (scope.identity, scope.principal, scope.fingerprint, answer.status, headers, answer.body)
    if not await tx.conclude(_KEEP, *values):
        raise KeptMeanwhile


async def forget_answers_to(tx: Transaction, principal: UUID) -> None:
    """Removes one person's answers, as an erasure must: they may hold what he wrote."""
    await tx.execute(delete(idempotency_key).where(idempotency_key.c.principal == principal))


async def remove_expired_answers(tx: Transaction) -> int:
    """Removes answers older than a day; how many."""
    expired = idempotency_key.c.created_at < func.now() - RETENTION
    return (await tx.execute(delete(idempotency_key).where(expired))).rowcount
