"""Keeps the files that came in an archive with the records that they belong to; a part of import_file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from owners import events
from owners.commands.car_history import CarHistory
from owners.db.exchange_files import insert_attachments, keep_contents
from owners.db.ownership import Whose
from owners.db.records import find_service_entries, touch_service_entries
from owners.domain.files import Attachment
from owners.events import By
from owners.exchange.difference import Difference
from owners.exchange.difference_files import ComparedFile
from owners.exchange.files import in_pieces


@dataclass
class Taking:
    """An import under way, on whose behalf, and the ids of its records: by kind and external id."""

    history: CarHistory
    by: By
    caller_id: UUID
    found: Difference
    made: dict[tuple[str, str | None], UUID] = field(default_factory=dict)

    @cached_property
    def documented(self) -> frozenset[tuple[str, str | None]]:
        """The records that files come with."""
        return frozenset((one.file.belongs_to, one.file.external_id) for one in self.found.new_files)


async def keep_files(
    tx: Transaction, taking: Taking, contents: Mapping[str, bytes], progress: Callable[[int], None]
) -> None:
    """Adds the new files; a service that was here without any is told to others anew."""
    new = taking.found.new_files
    if not new:
        return
    car = taking.history.car
    done = 0
    for some in in_pieces((one, one.file.size) for one in new):
        kept = {one.file.sha256: contents[one.file.sha256] for one in some}
        whose = Whose(car.id, car.owner_id)
        await keep_contents(tx, whose, ((bytes.fromhex(sha256), content) for sha256, content in kept.items()))
        await insert_attachments(tx, [_attachment(taking, one) for one in some])
        done += len(some)
        progress(done)
    await _tell(tx, taking, [one.record_id for one in new if one.record_id and one.file.belongs_to == "service_entry"])


def _attachment(taking: Taking, new: ComparedFile) -> Attachment:
    file, car = new.file, taking.history.car
    return Attachment(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        author_id=taking.caller_id,
        attached_to=file.belongs_to,
        target_id=new.record_id or taking.made[file.belongs_to, file.external_id],
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=bytes.fromhex(file.sha256),
        created_at=taking.by.at,
    )


async def _tell(tx: Transaction, taking: Taking, entry_ids: Sequence[UUID]) -> None:
    history = taking.history
    entries = [entry.touched(taking.by.at) for entry in await find_service_entries(tx, history.car.id, entry_ids)]
    await touch_service_entries(tx, entries)
    for entry in entries:
        reading = history.readings.reading_of(entry.id)
        tx.record(events.service_entry_changed(history.log, entry, reading, taking.by, has_attachment=True))
