"""Values that several requests and responses share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chassis.http import ApiModel
from owners.currencies import current_currencies
from owners.domain.conversion import Rated, parse_rate
from owners.domain.errors import DomainError
from owners.domain.identity import normalised_frame_number, normalised_vin
from owners.domain.local_time import EARLIEST, zone
from owners.domain.odometer.reading import Unit, Verdict, parse_value
from owners.domain.odometer.recorded import RecordedReading, TypedOdometer

MAX_AMOUNT: Final = 10**15


def rule(check: Callable[[str], Any]) -> Callable[[str], str]:
    """A rule of the domain that accepts or refuses the text as it is."""

    def checked(value: str) -> str:
        _told(check, value)
        return value

    return checked


def _normaliser(normalise: Callable[[str], str]) -> Callable[[str], str]:
    """A rule of the domain that makes the text what it should be."""

    def normalised(value: str) -> str:
        return str(_told(normalise, value))

    return normalised


def _told(rule: Callable[[str], Any], value: str) -> Any:
    try:
        return rule(value)
    except DomainError as error:
        raise ValueError(str(error)) from error


def _current(code: str) -> str:
    if code not in current_currencies():
        raise ValueError("This is no currency in use.")
    return code


def _once[T](items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def text_of(max_length: int) -> Any:
    """Text without blanks around it, not empty."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length)


Unrepeated = AfterValidator(_once)
Vin = Annotated[str, Field(max_length=64, examples=["XTA21099043576182"]), AfterValidator(_normaliser(normalised_vin))]
FrameNumber = Annotated[
    str, Field(max_length=64, examples=["NCP310012345"]), AfterValidator(_normaliser(normalised_frame_number))
]
TimeZone = Annotated[
    str, Field(max_length=64, description="IANA time zone", examples=["Europe/Moscow"]), AfterValidator(rule(zone))
]
CurrencyCode = Annotated[
    str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["RUB"]), AfterValidator(_current)
]
PastDate = Annotated[date, Field(ge=EARLIEST, description="The calendar date where it happened.")]
Rate = Annotated[
    str,
    Field(
        max_length=24,
        description="Units of the car's currency for one of the amount's own: above 0, at most 9 digits, 8 decimals.",
        examples=["0.1835"],
    ),
    AfterValidator(rule(parse_rate)),
]
Note = Annotated[str, text_of(2_000)]


class Edit(ApiModel):
    """A change of some fields: one that is left out stays as it is, and only a nullable one is emptied by null."""

    nullable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _refuse_null(self) -> Self:
        for name in self.model_fields_set - self.nullable:
            if getattr(self, name) is None:
                raise ValueError(f"{name} must have a value, or be left out")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Money(ApiModel):
    """An amount in the currency's minor unit."""

    amount_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
    currency: CurrencyCode


class RateResponse(ApiModel):
    """With what rate an amount counts in another currency, and what it comes to there (half to even).

    It counts while that currency is the car's; else the entry is listed unconverted, in its own currency.
    """

    rate: Annotated[str, Field(examples=["0.1835"])]
    converted: Money


def rate_response(told: Rated) -> RateResponse | None:
    """The rate for a response."""
    if told.rate is None or told.rate_to is None or told.converted_minor is None:
        return None
    converted = Money.model_construct(amount_minor=told.converted_minor, currency=told.rate_to)
    return RateResponse(rate=format(told.rate, "f"), converted=converted)


class OdometerInput(ApiModel):
    """What the odometer shows, digit by digit, in its own unit."""

    value: Annotated[
        str,
        Field(max_length=32, description="A number of at most 12 digits and 6 decimals.", examples=["186900"]),
        AfterValidator(rule(parse_value)),
    ]
    unit: Unit

    def to_domain(self) -> TypedOdometer:
        """The value that the domain knows."""
        return TypedOdometer(parse_value(self.value), self.unit)


class JudgedOdometer(ApiModel):
    """A reading as it was entered, whole kilometres (half to even) beside it, and what is thought of it."""

    value: str
    unit: Unit
    km: int
    verdict: Verdict


def judged_odometer(one: RecordedReading | None) -> JudgedOdometer | None:
    """The reading for a response."""
    if one is None or one.judgement is None:
        return None
    return JudgedOdometer(
        value=format(one.reading.value, "f"),
        unit=one.reading.unit,
        km=one.reading.km,
        verdict=one.judgement.verdict,
    )
