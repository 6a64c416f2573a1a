"""The small service as a process: `python -m tests.chassis.http.things_service ROLE`."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import insert
from sqlalchemy.sql import column, table

from chassis.consuming import Received, Subscriptions
from chassis.db import Transaction
from chassis.http import Action, Answer, create_app
from chassis.runtime import Service, main
from chassis.settings import ServiceSettings
from contracts.event import Actor, Event
from tests.chassis.http import things

# Of one test only: the broker is shared.
TOPIC = os.environ.get("THINGS_TOPIC", "test.things")
router = APIRouter()
subscriptions = Subscriptions(TOPIC)


class ThingPublished(Event):
    event_type: ClassVar[str] = "test.thing.published.v1"
    topic: ClassVar[str] = TOPIC
    key_field: ClassVar[str] = "thing_id"
    subject_field: ClassVar[str] = "thing_id"

    thing_id: UUID


@router.post("/v1/things/{thing_id}/publication", status_code=204, response_class=Response)
async def publish_thing(thing_id: UUID, action: Action) -> Response:
    async def publish(tx: Transaction) -> None:
        actor = Actor(user_id=action.caller.user_id, role="user")
        tx.record(ThingPublished(thing_id=thing_id, sequence=1, occurred_at=datetime.now(UTC), actor=actor))

    return await action.run(publish, lambda _: Answer(204))


@subscriptions.effect(ThingPublished)
async def permit_things(tx: Transaction, batch: Sequence[Received[ThingPublished]]) -> None:
    permit = table("permit", column("thing_id"))
    await tx.execute(insert(permit), [{"thing_id": received.event.thing_id} for received in batch])


def service(settings: ServiceSettings) -> Service:
    return Service(
        name="things",
        settings=settings,
        migrations_dir=things.MIGRATIONS,
        build_app=lambda database: create_app("things", settings, routers=[things.router, router], database=database),
        subscriptions=subscriptions,
        commands={"greet": len},
    )


if __name__ == "__main__":
    main(service(ServiceSettings.load()))
