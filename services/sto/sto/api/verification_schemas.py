from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from chassis.http import ApiModel
from sto.domain import verification as domain
from sto.domain.verification import Ruling, VerificationMove, VerificationStatus
from sto.queries.verifications import DecidedApplication, QueuedVerification, VerificationHistory

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Document(ApiModel):
    """A reference to a document that the center keeps and shows on demand; its bytes are not sent here."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="of the document's bytes, lower-case hex")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}$", examples=["application/pdf"])]


class SubmitVerificationRequest(ApiModel):
    """What moderators shall look at."""

    note: Text | None = None
    documents: Annotated[tuple[Document, ...], Field(min_length=1, max_length=20)]

    def to_documents(self) -> tuple[domain.Document, ...]:
        """The references that the domain knows."""
        return tuple(
            domain.Document(name=document.name, sha256=document.sha256, media_type=document.media_type)
            for document in self.documents
        )


class DecideVerificationRequest(ApiModel):
    """A ruling. The center reads the reason; a ruling against it needs one."""

    decision: Ruling
    reason: Text | None = None


class DecisionResponse(ApiModel):
    """What a moderator did."""

    decision: VerificationMove
    previous: VerificationStatus
    status: VerificationStatus
    moderator_id: UUID
    reason: str | None
    decided_at: datetime


class ApplicationResponse(ApiModel):
    """One submission, and what moderators did with it, in order."""

    id: UUID
    number: int
    submitted_by: UUID
    submitted_at: datetime
    note: str | None
    documents: list[Document]
    decisions: list[DecisionResponse]


class VerificationResponse(ApiModel):
    """Where a center's verification stands, with everything that was ever submitted, the latest first."""

    center_id: UUID
    status: VerificationStatus
    applications: list[ApplicationResponse]


class QueuedVerificationResponse(ApiModel):
    """The latest application of a center. `reviewer_id` is the moderator who took it."""

    id: UUID
    center_id: UUID
    center_name: str
    city: str
    status: VerificationStatus
    reviewer_id: UUID | None
    application: ApplicationResponse


def verification_response(history: VerificationHistory) -> VerificationResponse:
    """The whole history of a center's verification."""
    return VerificationResponse(
        center_id=history.center_id,
        status=history.status,
        applications=[_application(item) for item in history.applications],
    )


def queued_response(queued: QueuedVerification) -> QueuedVerificationResponse:
    """One entry of the moderators' queue."""
    center = queued.center
    return QueuedVerificationResponse(
        id=queued.latest.application.id,
        center_id=center.id,
        center_name=center.profile.name,
        city=center.profile.address.city,
        status=center.verification,
        reviewer_id=center.reviewer_id,
        application=_application(queued.latest),
    )


def _application(item: DecidedApplication) -> ApplicationResponse:
    application = item.application
    return ApplicationResponse(
        id=application.id,
        number=application.number,
        submitted_by=application.submitted_by,
        submitted_at=application.submitted_at,
        note=application.note,
        documents=[
            Document.model_construct(name=document.name, sha256=document.sha256, media_type=document.media_type)
            for document in application.documents
        ],
        decisions=[
            DecisionResponse(
                decision=decision.move,
                previous=decision.previous,
                status=decision.status,
                moderator_id=decision.moderator_id,
                reason=decision.reason,
                decided_at=decision.decided_at,
            )
            for decision in item.decisions
        ],
    )
