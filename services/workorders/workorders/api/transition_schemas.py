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


class OverrideRequest(ApiModel):
    """Why a reading that looks wrong is right, and the hash of the photo that shows it."""

    reason: Reason
    photo_sha256: Sha256

    def to_domain(self) -> odometer.Override:
        """The same, without a schema."""
        return odometer.Override(self.reason, self.photo_sha256)


class MeterRequest(ApiModel):
    """What a meter shows."""

    value: Reading
    unit: odometer.Unit

    def to_domain(self, override: odometer.Override | None = None) -> odometer.Shown:
        """The same, without a schema."""
        return odometer.Shown(Decimal(self.value), self.unit, override)


class MeterReplacementRequest(ApiModel):
    """During this order the meter was replaced. The car's distance goes on from where the old one ended."""

    removed: Annotated[
        MeterRequest | None,
        Field(description="what the old meter showed last; null: it could not be read, the last good reading stands"),
    ]
    installed: Annotated[MeterRequest, Field(description="what the new one showed when it was put in")]
    reason: Reason
    override: Annotated[OverrideRequest | None, Field(description="needed for an implausible `removed` only")] = None

    @model_validator(mode="after")
    def _override_of_a_reading(self) -> Self:
        if self.override is not None and self.removed is None:
            raise ValueError("override belongs to a reading")
        return self

    def to_domain(self) -> odometer.Replacement:
        """The same, without a schema."""
        override = self.override.to_domain() if self.override else None
        removed = self.removed.to_domain(override) if self.removed else None
        return odometer.Replacement(removed, self.installed.to_domain(), self.reason)


class OdometerRequest(MeterRequest):
    """The reading as the odometer shows it: the new meter's, where the old one was replaced."""

    meter_replacement: MeterReplacementRequest | None = None


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
        override = self.override.to_domain() if self.override else None
        told = self.odometer.meter_replacement
        replacement = told.to_domain() if told else None
        return Measured(Decimal(self.odometer.value), self.odometer.unit, override, replacement)
