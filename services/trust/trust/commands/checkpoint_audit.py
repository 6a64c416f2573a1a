"""Signs where each audit chain has come to, again and again, and puts that elsewhere."""

from __future__ import annotations

import asyncio
import contextlib

from chassis.db import Database
from trust.checkpoints import CheckpointFile
from trust.db import audit
from trust.domain.audit_chain import Checkpoint


async def checkpoint_chains(database: Database, file: CheckpointFile) -> int:
    """Add a checkpoint for every chain that has grown since its last one; how many there were."""
    known = {tenant: max(c.height for c in found) for tenant, found in (await asyncio.to_thread(file.read)).items()}
    async with database.transaction() as tx:
        heads = await audit.heads(tx)
    grown = {
        tenant: Checkpoint(height, head) for tenant, (height, head) in heads.items() if height > known.get(tenant, 0)
    }
    await asyncio.to_thread(file.append, grown)
    return len(grown)


async def keep_checkpointing(database: Database, file: CheckpointFile, interval: float, stop: asyncio.Event) -> None:
    """Every `interval` seconds, and once more at the end."""
    while not stop.is_set():
        await checkpoint_chains(database, file)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), interval)
    await checkpoint_chains(database, file)
