"""What is to be told to whom, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifier.domain.templates import Params, Template


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for one user. `event_id`, `user_id` and `template` are its identity."""

    event_id: UUID
    user_id: UUID
    template: Template
    params: Params
    subject_kind: str
    subject_id: UUID
    occurred_at: datetime
    version: int | None = None
    car_id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """News for whoever owns a center at that moment."""

    event_id: UUID
    center_id: UUID
    template: Template
    params: Params
    occurred_at: datetime
    traceparent: str | None = None

    def to(self, user_id: UUID) -> Notice:
        """The message for one of them."""
        return Notice(
            event_id=self.event_id,
            user_id=user_id,
            template=self.template,
            params=self.params,
            subject_kind="service_center",
            subject_id=self.center_id,
            occurred_at=self.occurred_at,
            traceparent=self.traceparent,
        )
