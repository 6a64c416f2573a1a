"""The people that owners knows."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from contracts.event import Currency, Event
from contracts.owners.values import OdometerUnit


class UserEvent(Event):
    """The full state of a user's settings: no name, no contact."""

    topic: ClassVar[str] = "owners.user"
    key_field: ClassVar[str] = "user_id"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID
    locale: Literal["ru", "en"]
    time_zone: str
    currency: Currency
    distance_unit: OdometerUnit
    volume_unit: Literal["l", "gal_us", "gal_uk"]


class UserRegistered(UserEvent):
    """Somebody signed in for the first time."""

    event_type: ClassVar[str] = "owners.user.registered.v1"


class UserUpdated(UserEvent):
    """Settings changed."""

    event_type: ClassVar[str] = "owners.user.updated.v1"


class UserErased(Event):
    """The user is gone: every service forgets names, contacts and chats of this id. Attested facts stay."""

    event_type: ClassVar[str] = "owners.user.erased.v1"
    topic: ClassVar[str] = "owners.user"
    key_field: ClassVar[str] = "user_id"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID


class ProfileUpdated(Event):
    """The one event that carries a name. The topic is compacted; a tombstone erases."""

    event_type: ClassVar[str] = "owners.profile.updated.v1"
    topic: ClassVar[str] = "owners.profile"
    key_field: ClassVar[str] = "user_id"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID
    display_name: str
