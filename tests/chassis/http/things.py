"""A service as small as one can be, on everything that the HTTP half offers."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, FastAPI, Response
from pydantic import Field
from sqlalchemy import Row, text

from chassis.auth import KeySource
from chassis.db import Database, Transaction
from chassis.http import (
    Action,
    Answer,
    ApiModel,
    Caller,
    Page,
    PageRequest,
    Reader,
    VersionedAction,
    create_app,
    page,
)
from chassis.ids import new_id
from chassis.problems import NotFound, ProblemKind, check_version
from chassis.settings import ServiceSettings

MIGRATIONS = Path(__file__).with_name("things_migrations")

router = APIRouter()


class ThingRefusedError(Exception):
    pass


class NotPermittedYetError(Exception):
    pass


class NewThing(ApiModel):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    weight: float = 1.0
    pieces: int = 1
    tags: tuple[object, ...] = ()


class Thing(ApiModel):
    id: UUID
    name: str
    version: int
    created_at: datetime


async def _insert(tx: Transaction, owner_id: UUID, name: str) -> Row[tuple[UUID, str, int, datetime]]:
    if name == "forbidden":
        raise ThingRefusedError("that name is taken by the house")
    if name == "crash":
        raise RuntimeError("secret internals")
    statement = text("INSERT INTO thing (id, owner_id, name) VALUES (:id, :owner_id, :name) RETURNING *")
    return (await tx.execute(statement, {"id": new_id(), "owner_id": owner_id, "name": name})).one()


async def _load(tx: Transaction, thing_id: UUID, *, lock: bool = False) -> Row[tuple[UUID, str, int, datetime]]:
    statement = text("SELECT * FROM thing WHERE id = :id FOR UPDATE" if lock else "SELECT * FROM thing WHERE id = :id")
    found = (await tx.execute(statement, {"id": thing_id})).one_or_none()
    if found is None:
        raise NotFound
    return found


def _shown(row: Row[tuple[UUID, str, int, datetime]]) -> Thing:
    return Thing(id=row.id, name=row.name, version=row.version, created_at=row.created_at)


@router.post("/v1/things", status_code=201, response_model=Thing)
async def add_thing(body: NewThing, action: Action) -> Response:
    """Adds a thing of the caller's."""
    return await action.run(
        lambda tx: _insert(tx, action.caller.user_id, body.name),
        lambda row: Answer(201, _shown(row), version=row.version, location=f"/v1/things/{row.id}"),
    )


@router.get("/v1/things")
async def list_things(tx: Reader, page_request: PageRequest) -> Page[Thing]:
    """The caller's things, newest first."""
    statement = text(
        """
        SELECT * FROM thing
        WHERE (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
        ORDER BY created_at DESC, id DESC LIMIT :limit
        """
    )
    at, row_id = page_request.after or (None, None)
    rows = (await tx.execute(statement, {"at": at, "id": row_id, "limit": page_request.limit + 1})).all()
    return page(rows, page_request.limit, key=lambda row: (row.created_at, row.id), item=_shown)


@router.get("/v1/things/{thing_id}", response_model=Thing)
async def get_thing(thing_id: UUID, tx: Reader) -> Response:
    row = await _load(tx, thing_id)
    return Answer(200, _shown(row), version=row.version).response()


@router.patch("/v1/things/{thing_id}", response_model=Thing)
async def rename_thing(thing_id: UUID, body: NewThing, action: VersionedAction) -> Response:
    async def rename(tx: Transaction) -> Row[tuple[UUID, str, int, datetime]]:
        row = await _load(tx, thing_id, lock=True)
        check_version(action.expected_version, row.version)
        statement = text("UPDATE thing SET name = :name, version = version + 1 WHERE id = :id RETURNING *")
        return (await tx.execute(statement, {"id": thing_id, "name": body.name})).one()

    return await action.run(rename, lambda row: Answer(200, _shown(row), version=row.version))


@router.post("/v1/things/{thing_id}/approval", status_code=204, response_class=Response)
async def approve_thing(thing_id: UUID, action: Action) -> Response:
    """Allowed once the read model `permit` knows the thing."""

    async def approve(tx: Transaction) -> None:
        statement = text("SELECT 1 FROM permit WHERE thing_id = :id")
        if (await tx.execute(statement, {"id": thing_id})).first() is None:
            raise NotFound(read_model=True)

    return await action.run(approve, lambda _: Answer(204))


@router.post("/v1/things/{thing_id}/endorsement", status_code=204, response_class=Response)
async def endorse_thing(thing_id: UUID, action: Action) -> Response:
    """As above, refused by an error of the domain."""

    async def endorse(tx: Transaction) -> None:
        statement = text("SELECT 1 FROM permit WHERE thing_id = :id")
        if (await tx.execute(statement, {"id": thing_id})).first() is None:
            raise NotPermittedYetError("Not permitted yet.")

    return await action.run(endorse, lambda _: Answer(204))


@router.post("/v1/things/{thing_id}/sabotage", status_code=204, response_class=Response)
async def write_while_reading(thing_id: UUID, tx: Reader) -> Response:
    await tx.execute(text("UPDATE thing SET name = 'changed' WHERE id = :id"), {"id": thing_id})
    return Response(status_code=204)


@router.get("/v1/me")
async def who_am_i(caller: Caller) -> dict[str, UUID]:
    return {"user_id": caller.user_id, "session_id": caller.session_id}


def build(settings: ServiceSettings, database: Database, keys: KeySource) -> FastAPI:
    return create_app(
        "things",
        settings,
        routers=[router],
        database=database,
        keys=keys,
        domain_errors={
            ThingRefusedError: ProblemKind(409, "thing-refused", "Thing refused"),
            NotPermittedYetError: ProblemKind(403, "not-permitted-yet", "Not permitted yet", read_model=True),
        },
    )
