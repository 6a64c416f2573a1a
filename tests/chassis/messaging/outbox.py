"""Writing to the outbox as commands do, and looking at what came of it."""

from uuid import UUID

from chassis.db import Database
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.sample import noted
from tests.support.eventually import eventually


class Outbox:
    def __init__(self, api: Database, worker: Database, broker: Broker) -> None:
        self._api = api
        self._worker = worker
        self._broker = broker

    async def write(self, note_id: UUID, sequences: range, *, through: Database | None = None) -> None:
        """One transaction that records an event for each sequence."""
        async with (through or self._api).transaction() as tx:
            for sequence in sequences:
                tx.record(noted(self._broker.noted, note_id=note_id, sequence=sequence))

    async def size(self) -> int:
        return await sample.outbox_size(self._worker)

    async def drained(self, *, within: float = 30) -> None:
        async def check() -> None:
            assert await self.size() == 0

        await eventually(check, within=within)

    async def sent(self) -> dict[str, list[int]]:
        """Each key's sequences in the order of its partition."""
        found: dict[str, list[int]] = {}
        for record in await self._broker.records():
            assert record.key is not None
            event = self._broker.noted.model_validate_json(record.value or b"")
            found.setdefault(record.key.decode(), []).append(event.sequence)
        return found

    async def sent_of(self, note_id: UUID) -> list[int]:
        return (await self.sent())[str(note_id)]


def without_repetitions(sequences: list[int]) -> list[int]:
    """What a reader that drops duplicates sees."""
    return list(dict.fromkeys(sequences))
