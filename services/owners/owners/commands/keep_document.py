"""Enters, changes and removes a car's documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, check_version
from owners.commands.access import lock_car_for
from owners.db.files import delete_document, find_document, insert_document, save_document
from owners.domain.access import NotPermitted, Right
from owners.domain.errors import ImpossibleWindow
from owners.domain.files import CarDocument


async def add_document(
    tx: Transaction, car_id: UUID, details: dict[str, Any], *, caller_id: UUID, now: datetime
) -> CarDocument:
    """The document; raises ImpossibleWindow when it ends before it begins."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.EDIT_ENTRIES)
    new = CarDocument(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        author_id=caller_id,
        created_at=now,
        updated_at=now,
        version=1,
        **details,
    )
    _check(new)
    await insert_document(tx, new)
    return new


async def edit_document(
    tx: Transaction,
    car_id: UUID,
    document_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> CarDocument:
    """The document after the change; raises ImpossibleWindow."""
    document = await _open(tx, car_id, document_id, caller_id, expected_version)
    if all(getattr(document, name) == value for name, value in changes.items()):
        return document
    edited = document._replace(**changes, updated_at=now, version=document.version + 1)
    _check(edited)
    await save_document(tx, edited)
    return edited


async def remove_document(
    tx: Transaction, car_id: UUID, document_id: UUID, *, caller_id: UUID, expected_version: Callable[[], int]
) -> None:
    """The document is gone, with its files."""
    await _open(tx, car_id, document_id, caller_id, expected_version)
    await delete_document(tx, document_id)


async def _open(
    tx: Transaction, car_id: UUID, document_id: UUID, caller_id: UUID, expected_version: Callable[[], int]
) -> CarDocument:
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.EDIT_ENTRIES)
    document = await find_document(tx, car_id, document_id)
    if document is None:
        raise NotFound
    if document.owner_id != car.owner_id:
        raise NotPermitted("This belongs to an earlier owner's time: it can be read, not changed.")
    check_version(expected_version(), document.version)
    return document


def _check(document: CarDocument) -> None:
    if document.issued_on and document.expires_on and document.expires_on < document.issued_on:
        raise ImpossibleWindow("The document expires before it is issued.")
