"""What the parts of `carpass.exchange.v1` are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

_EARLIEST: Final = date(1900, 1, 1)
_LATEST: Final = date(2199, 12, 31)

type ExpenseCategory = Literal[
    "service", "parts", "tyres", "insurance", "tax", "parking", "toll", "fine", "wash", "other"
]


def _of_our_time(day: date) -> date:
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError("a date from 1900 to 2199")
    return day


def _in_utc(instant: datetime) -> datetime:
    _of_our_time(instant.date())
    return instant.astimezone(UTC)


def _plain(number: str) -> str:
    return format(Decimal(number), "f")


def _trimmed(text: str) -> str:
    trimmed = text.strip()
    if not trimmed or "\0" in trimmed:
        raise ValueError("text that is not empty and holds no NUL")
    return trimmed


def _number(pattern: str, description: str) -> Any:
    return Field(pattern=pattern, description=description)


Day = Annotated[date, Field(description="the calendar date where it happened"), AfterValidator(_of_our_time)]
Instant = Annotated[AwareDatetime, Field(description="RFC 3339"), AfterValidator(_in_utc)]
Amount = Annotated[int, Field(ge=0, le=10**15, description="money in the currency's minor unit")]
ExternalId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
TimeZone = Annotated[str, Field(min_length=1, max_length=64, description="IANA time zone")]
Name = Annotated[str, Field(max_length=200), AfterValidator(_trimmed)]
Note = Annotated[str, Field(max_length=2_000), AfterValidator(_trimmed)]
OdometerValue = Annotated[str, _number(r"^[0-9]{1,12}(\.[0-9]{1,6})?$", "as it was read"), AfterValidator(_plain)]
Volume = Annotated[str, _number(r"^[0-9]{1,6}(\.[0-9]{1,3})?$", "in `volume_unit`"), AfterValidator(_plain)]
UnitPrice = Annotated[str, _number(r"^[0-9]{1,9}(\.[0-9]{1,6})?$", "for one `volume_unit`"), AfterValidator(_plain)]
Rate = Annotated[str, _number(r"^[0-9]{1,9}(\.[0-9]{1,8})?$", "above 0"), AfterValidator(_plain)]
Percent = Annotated[int, Field(ge=0, le=100, description="state of charge")]


class Part(BaseModel):
    """A part of the document. What nobody here would understand is refused, so that nothing is lost silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")
