"""Walks every audit chain from its first row and says where it was touched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row

from chassis.db import Database, Transaction
from trust.commands.append_audit import canonical_record
from trust.db import audit
from trust.domain.audit_chain import GENESIS, Checkpoint, Link, first_break

_COLUMNS = {
    "tenant",
    "height",
    "event_id",
    "occurred_at",
    "action",
    "subject",
    "actor_id",
    "actor_role",
    "concerns",
}


@dataclass(frozen=True, slots=True)
class ChainReport:
    """`broken` names the first row that is not as it was written; None when the chain is whole."""

    tenant: UUID
    rows: int
    broken: str | None


async def verify_audit(database: Database, checkpoints: Mapping[UUID, list[Checkpoint]]) -> list[ChainReport]:
    """A report for each chain that the database or the checkpoints know of."""
    async with database.transaction() as tx:
        heads = await audit.heads(tx)
        tenants = sorted({*heads, *checkpoints, *await audit.tenants_with_rows(tx)})
        return [await _verify(tx, tenant, heads.get(tenant, (0, GENESIS)), checkpoints) for tenant in tenants]


async def _verify(
    tx: Transaction, tenant: UUID, head: audit.Head, checkpoints: Mapping[UUID, list[Checkpoint]]
) -> ChainReport:
    links = [_link(row) async for row in audit.chain(tx, tenant)]
    signed = checkpoints.get(tenant, [])
    broken = await asyncio.to_thread(first_break, links, signed, height=head[0], head=head[1])
    return ChainReport(tenant, len(links), broken)


def _link(row: Row[Any]) -> Link:
    return Link(row.height, row.record, row.previous, row.hash, columns_agree=_columns_agree(row))


def _columns_agree(row: Row[Any]) -> bool:
    try:
        record = orjson.loads(row.record)
        details = {name: value for name, value in record.items() if name not in _COLUMNS}
        stored: bytes = row.record
        return canonical_record(dict(row._mapping), details) == stored  # noqa: SLF001 - SQLAlchemy's public name
    except (ValueError, AttributeError, TypeError):
        return False
