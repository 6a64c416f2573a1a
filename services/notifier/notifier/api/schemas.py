"""What clients send and read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from chassis.http import ApiModel
from notifier.domain.linking import IssuedToken
from notifier.domain.templates import Template
from notifier.queries import InboxEntry, TelegramLink


class Subject(ApiModel):
    """What a notification is about."""

    kind: Literal["work_order", "car_link", "recommendation", "service_center", "car"]
    id: UUID


class Delivery(ApiModel):
    """How the message fares; `uncertain`: nobody knows whether it arrived, and it is not sent again by itself."""

    channel: Literal["telegram"]
    state: Literal["queued", "sending", "sent", "failed", "uncertain", "suppressed"]
    reason: str | None = Field(description="Why, such as no_chat, blocked or no_answer.")
    settled_at: datetime | None


class NotificationResponse(ApiModel):
    """A notification in the reader's language."""

    id: UUID
    template: Template
    title: str
    text: str
    subject: Subject
    car_id: UUID | None
    occurred_at: datetime
    read_at: datetime | None
    delivery: Delivery


class UnreadCountResponse(ApiModel):
    """How many notifications wait to be read."""

    unread: int


class ReadResponse(ApiModel):
    """When the notification was read first."""

    id: UUID
    read_at: datetime


class TelegramLinkResponse(ApiModel):
    """`disabled`: the user has blocked the bot in Telegram; unblocking it there ends that."""

    state: Literal["unlinked", "linked", "disabled"]
    linked_at: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    pending_until: datetime | None = Field(description="A link that was asked for can be opened until then.")


class LinkRequestResponse(ApiModel):
    """Opening `deep_link` in the Telegram of this user links the chat. It is told once: a replay has null."""

    deep_link: str | None
    expires_at: datetime


def notification_response(entry: InboxEntry) -> NotificationResponse:
    """A notification as it is read."""
    return NotificationResponse.model_validate(
        {
            "id": entry.id,
            "template": entry.template,
            "title": entry.message.title,
            "text": entry.message.body,
            "subject": {"kind": entry.subject_kind, "id": entry.subject_id},
            "car_id": entry.car_id,
            "occurred_at": entry.occurred_at,
            "read_at": entry.read_at,
            "delivery": {
                "channel": "telegram",
                "state": entry.delivery_state,
                "reason": entry.delivery_reason,
                "settled_at": entry.settled_at,
            },
        }
    )


def link_response(link: TelegramLink) -> TelegramLinkResponse:
    """The link without the chat's id, which nobody needs."""
    state: Literal["unlinked", "linked", "disabled"] = "unlinked"
    if link.linked_at is not None:
        state = "linked" if link.disabled_at is None else "disabled"
    return TelegramLinkResponse(
        state=state,
        linked_at=link.linked_at,
        disabled_at=link.disabled_at,
        disabled_reason=link.disabled_reason,
        pending_until=link.pending_until,
    )


def link_request_response(issued: IssuedToken, bot_username: str | None) -> LinkRequestResponse:
    """With the deep link, or without it when no name of a bot is given."""
    return LinkRequestResponse(
        deep_link=None if bot_username is None else issued.deep_link(bot_username), expires_at=issued.expires_at
    )
