"""The inbox: whatever becomes of a message, its notification is here."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.http import Action, Answer, Caller, Page, PageRequest, Reader, page
from notifier.api.context import Now, Settings
from notifier.api.schemas import NotificationResponse, ReadResponse, UnreadCountResponse, notification_response
from notifier.commands.mark_read import mark_read
from notifier.queries import inbox, unread_count

router = APIRouter(tags=["notifications"])


@router.get("/v1/notifications")
async def list_notifications(
    *,
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    settings: Settings,
    unread: Annotated[bool, Query(description="Only those that were not read yet.")] = False,
) -> Page[NotificationResponse]:
    """The caller's notifications in his language, the latest first."""
    entries = await inbox(
        tx,
        caller.user_id,
        unread_only=unread,
        after=paging.after,
        limit=paging.limit + 1,
        fallback=settings.fallback,
    )
    return page(entries, paging.limit, key=lambda entry: (entry.occurred_at, entry.id), item=notification_response)


@router.get("/v1/notifications/unread-count")
async def count_unread_notifications(tx: Reader, caller: Caller) -> UnreadCountResponse:
    """How many notifications the caller has not read."""
    return UnreadCountResponse(unread=await unread_count(tx, caller.user_id))


@router.post("/v1/notifications/{notification_id}/read", response_model=ReadResponse)
async def read_notification(notification_id: UUID, action: Action, now: Now) -> Response:
    """Marks a notification as read; the first time counts."""
    return await action.run(
        lambda tx: mark_read(tx, action.caller.user_id, notification_id, now=now),
        lambda read_at: Answer(200, ReadResponse(id=notification_id, read_at=read_at)),
    )
