"""What goes with a change of state."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from chassis.http import ApiModel
from workorders.api.fields import Reading, Reason, Sha256
from workorders.domain import odometer
from workorders.domain.odometer import Measured, OdometerOut, Unreadable
from workorders.domain.pause import Pause
from workorders.domain.status import Status


class PauseRequest(ApiModel):
    """What the work waits for, and why."""

    status: Literal["waiting_parts", "on_hold"]
    reason: Reason

    @property
    def to(self) -> Pause:
        """The state."""
        return Status.WAITING_PARTS if self.status == "waiting_parts" else Status.ON_HOLD


class OptionalReasonRequest(ApiModel):
    """Why, where there is something to say."""

    reason: Reason | None = None


NO_REASON: Final = OptionalReasonRequest()


class ReasonRequest(ApiModel):
    """Why."""

    reason: Reason


class OdometerRequest(ApiModel):
    """The reading as the odometer shows it."""

    value: Reading
    unit: odometer.Unit


class OverrideRequest(ApiModel):
    """Why a reading that looks wrong is right, and the hash of the photo that shows it."""

    reason: Reason
    photo_sha256: Sha256


class CompletionRequest(ApiModel):
    """The hand-over. Either a reading, or why none can be taken: then none is attested."""

    odometer: OdometerRequest | None = None
    override: Annotated[OverrideRequest | None, Field(description="needed for an implausible reading only")] = None
    unreadable_reason: Reason | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if (self.odometer is None) == (self.unreadable_reason is None):
            raise ValueError("give either odometer or unreadable_reason")
        if self.override is not None and self.odometer is None:
            raise ValueError("override belongs to a reading")
        return self

    @property
    def odometer_out(self) -> OdometerOut:
        """As the use case takes it."""
        if self.odometer is None:
            return Unreadable(self.unreadable_reason or "")
        told = self.override
        override = odometer.Override(told.reason, told.photo_sha256) if told else None
        return Measured(Decimal(self.odometer.value), self.odometer.unit, override)
