"""Keeps a file with an entry or a document, or as the car's photo; removes it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound
from owners import events
from owners.commands.access import lock_car_for
from owners.commands.car_history import CarHistory, close_history, open_history
from owners.db.files import (
    attachments_of,
    delete_attachments,
    find_attachment,
    find_document,
    insert_attachment,
    room_taken,
    same_content,
)
from owners.db.fuel import find_fuel_entry
from owners.db.ownership import Whose
from owners.db.records import find_expense, find_service_entry, save_service_entry
from owners.domain.access import CarPerson, Right
from owners.domain.car import Car
from owners.domain.files import (
    MOST_CAR_BYTES,
    MOST_FILES,
    MOST_FILES_HERE,
    AttachedTo,
    Attachment,
    TooManyFiles,
    UnsupportedFile,
    digest_of,
    media_type_of,
)
from owners.domain.fuel.entry import FuelEntry
from owners.domain.records import Expense, ServiceEntry
from owners.events import By


class Target(NamedTuple):
    """Where a file belongs; the id of a photo's place is the car's."""

    car_id: UUID
    attached_to: AttachedTo
    id: UUID


async def attach_file(
    tx: Transaction, target: Target, name: str | None, content: bytes, *, caller_id: UUID, now: datetime
) -> Attachment:
    """The file; the one that is there already when it has the same content.

    Raises UnsupportedFile, TooManyFiles, RecordIsAttested. A new photo takes the place of the old one.
    """
    media_type = media_type_of(content)
    if target.attached_to == "photo" and media_type == "application/pdf":
        raise UnsupportedFile("A photo is a JPEG, PNG or WEBP image.")
    car, history, entry, person = await _open(tx, target, caller_id)
    new = Attachment(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        author_id=caller_id,
        attached_to=target.attached_to,
        target_id=target.id,
        name=name,
        media_type=media_type,
        size=len(content),
        sha256=digest_of(content),
        created_at=now,
    )
    before = await same_content(tx, new)
    if before is not None:
        return before
    if target.attached_to == "photo":
        await _remove_photo(tx, car.id)
    await _check_room(tx, new)
    await insert_attachment(tx, new, content)
    if history is not None and isinstance(entry, ServiceEntry):
        await _tell(tx, history, entry, By.person(person, now), has_attachment=True)
    return new


async def remove_file(tx: Transaction, attachment_id: UUID, *, caller_id: UUID, now: datetime) -> None:
    """The file is gone; raises NotFound, NotPermitted."""
    found = await find_attachment(tx, attachment_id)
    if found is None:
        raise NotFound
    target = Target(found.car_id, found.attached_to, found.target_id)
    _, history, entry, person = await _open(tx, target, caller_id)
    if await find_attachment(tx, attachment_id) is None:
        raise NotFound  # somebody was quicker
    await delete_attachments(tx, [attachment_id])
    if history is not None and isinstance(entry, ServiceEntry):
        left = (await attachments_of(tx, [entry.id]))[entry.id]
        await _tell(tx, history, entry, By.person(person, now), has_attachment=bool(left))


async def _open(
    tx: Transaction, target: Target, caller_id: UUID
) -> tuple[Car, CarHistory | None, ServiceEntry | Expense | FuelEntry | None, CarPerson]:
    if target.attached_to == "photo":
        car, person = await lock_car_for(tx, target.car_id, caller_id, Right.EDIT_CAR)
        return car, None, None, person
    if target.attached_to == "document":
        car, person = await lock_car_for(tx, target.car_id, caller_id, Right.EDIT_ENTRIES)
        if await find_document(tx, target.car_id, target.id) is None:
            raise NotFound
        return car, None, None, person
    history, person = await open_history(tx, target.car_id, caller_id, Right.ADD_ENTRIES, entries=[target.id])
    entry = await _entry(tx, target)
    history.demand_edit(person, entry)
    if not isinstance(entry, FuelEntry):
        entry.check_editable()
    return history.car, history, entry, person


async def _entry(tx: Transaction, target: Target) -> ServiceEntry | Expense | FuelEntry:
    found: ServiceEntry | Expense | FuelEntry | None
    if target.attached_to == "service_entry":
        found = await find_service_entry(tx, target.car_id, target.id)
    elif target.attached_to == "expense":
        found = await find_expense(tx, target.car_id, target.id)
    else:
        found = await find_fuel_entry(tx, target.car_id, target.id)
    if found is None:
        raise NotFound
    return found


async def _check_room(tx: Transaction, new: Attachment) -> None:
    files, size, here = await room_taken(tx, Whose(new.car_id, new.owner_id), new.target_id)
    if here >= MOST_FILES_HERE:
        raise TooManyFiles(f"At most {MOST_FILES_HERE} files belong to one entry or document.")
    if files >= MOST_FILES or size + new.size > MOST_CAR_BYTES:
        raise TooManyFiles(f"A car has at most {MOST_FILES} files of {MOST_CAR_BYTES} bytes together.")


async def _remove_photo(tx: Transaction, car_id: UUID) -> None:
    before = (await attachments_of(tx, [car_id]))[car_id]
    await delete_attachments(tx, [one.id for one in before])


async def _tell(tx: Transaction, history: CarHistory, entry: ServiceEntry, by: By, *, has_attachment: bool) -> None:
    """A service that is documented scores higher: others learn of it as of any change of the entry."""
    touched = entry.touched(by.at)
    await save_service_entry(tx, touched)
    reading = history.readings.reading_of(entry.id)
    tx.record(events.service_entry_changed(history.log, touched, reading, by, has_attachment=has_attachment))
    await close_history(tx, history, by)
