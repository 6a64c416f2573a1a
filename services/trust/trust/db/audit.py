"""The stored audit chains."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from trust.db.models import audit_chain, audit_row
from trust.domain.audit_chain import GENESIS

type Head = tuple[int, bytes]


async def known_events(tx: Transaction, event_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the events that are in the log already."""
    found = await tx.execute(select(audit_row.c.event_id).where(audit_row.c.event_id.in_(event_ids)))
    return set(found.scalars())


async def lock_heads(tx: Transaction, tenants: Sequence[UUID]) -> dict[UUID, Head]:
    """Height and head hash of each chain, its row locked until the transaction ends; new chains begin."""
    wanted = sorted(tenants)
    beginnings = [{"tenant": tenant, "height": 0, "head": GENESIS} for tenant in wanted]
    await tx.execute(upsert(audit_chain).values(beginnings).on_conflict_do_nothing())
    rows = await tx.execute(
        select(audit_chain).where(audit_chain.c.tenant.in_(wanted)).order_by(audit_chain.c.tenant).with_for_update()
    )
    return {row.tenant: (row.height, row.head) for row in rows}


async def append(tx: Transaction, rows: Sequence[Mapping[str, Any]], heads: Mapping[UUID, Head]) -> None:
    """Add the rows and move the heads."""
    await tx.execute(insert(audit_row), list(rows))
    for tenant, (height, head) in sorted(heads.items()):
        await tx.execute(update(audit_chain).where(audit_chain.c.tenant == tenant).values(height=height, head=head))


async def heads(tx: Transaction) -> dict[UUID, Head]:
    """Height and head hash of every chain."""
    rows = await tx.execute(select(audit_chain).order_by(audit_chain.c.tenant))
    return {row.tenant: (row.height, row.head) for row in rows}


async def tenants_with_rows(tx: Transaction) -> set[UUID]:
    """Every tenant that has rows, whether or not its chain's end is known."""
    return set((await tx.execute(select(audit_row.c.tenant).distinct())).scalars())


async def chain(tx: Transaction, tenant: UUID) -> AsyncIterator[Row[Any]]:
    """The rows of one chain in order of height, streamed."""
    rows = await tx.connection.stream(
        select(audit_row).where(audit_row.c.tenant == tenant).order_by(audit_row.c.height)
    )
    async for row in rows:
        yield row
