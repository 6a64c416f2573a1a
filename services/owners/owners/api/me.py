"""The caller's own profile."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic.json_schema import SkipJsonSchema

from chassis.db import Transaction
from chassis.http import Action, Answer, ApiModel, Caller, Reader, VersionedAction
from chassis.problems import NotFound
from owners.api.context import AccessTimers, Now
from owners.api.values import CurrencyCode, Edit, TimeZone, text_of
from owners.commands.edit_profile import edit_profile
from owners.commands.erase_user import erase_user
from owners.db.users import find_user
from owners.domain.odometer.reading import Unit
from owners.domain.user import Locale, User, VolumeUnit

router = APIRouter(tags=["profile"])


class EditProfileRequest(Edit):
    """The settings to change; those left out stay as they are."""

    display_name: Annotated[str, text_of(128)] | SkipJsonSchema[None] = None
    locale: Locale | SkipJsonSchema[None] = None
    time_zone: TimeZone | SkipJsonSchema[None] = None
    currency: CurrencyCode | SkipJsonSchema[None] = None
    distance_unit: Unit | SkipJsonSchema[None] = None
    volume_unit: VolumeUnit | SkipJsonSchema[None] = None


class ProfileResponse(ApiModel):
    """A person's settings, seen by nobody else."""

    user_id: UUID
    display_name: str
    locale: Locale
    time_zone: str
    currency: str
    distance_unit: Unit
    volume_unit: VolumeUnit
    created_at: datetime


@router.get("/v1/me", response_model=ProfileResponse)
async def get_profile(tx: Reader, caller: Caller) -> Response:
    """The caller's profile."""
    user = await find_user(tx, caller.user_id)
    if user is None:
        raise NotFound
    return _shown(user).response()


@router.patch("/v1/me", response_model=ProfileResponse)
async def edit_own_profile(body: EditProfileRequest, action: VersionedAction, now: Now) -> Response:
    """Changes settings or the name."""
    return await action.run(
        lambda tx: edit_profile(
            tx, action.caller.user_id, body.changes(), expected_version=lambda: action.expected_version, now=now
        ),
        _shown,
    )


@router.delete("/v1/me", status_code=204)
async def erase_own_account(action: Action, now: Now, timers: AccessTimers) -> Response:
    """Erases name, Telegram id, sessions, shares and hand-written notes everywhere; attested facts of cars stay.

    Nobody's edit stands against it, so it asks for no If-Match, and a second time changes nothing. Who signs in later
    is a new user.
    """

    async def use_case(tx: Transaction) -> None:
        await erase_user(tx, timers, action.caller.user_id, now=now)

    return await action.run(use_case, lambda _: Answer(204))


def _shown(user: User) -> Answer:
    body = ProfileResponse(
        user_id=user.id,
        display_name=user.display_name or "",
        locale=user.locale,
        time_zone=user.time_zone,
        currency=user.currency,
        distance_unit=user.distance_unit,
        volume_unit=user.volume_unit,
        created_at=user.created_at,
    )
    return Answer(200, body, version=user.version)
