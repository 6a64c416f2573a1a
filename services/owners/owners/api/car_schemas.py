from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from chassis.http import ApiModel
from owners.api.file_schemas import AttachmentResponse, attachment_response
from owners.api.values import (
    CurrencyCode,
    Edit,
    FrameNumber,
    JudgedOdometer,
    Money,
    OdometerInput,
    PastDate,
    Unrepeated,
    Vin,
    judged_odometer,
    text_of,
)
from owners.domain.access import CarRole
from owners.domain.car import Car, EnergyKind, IdentityStatus
from owners.domain.odometer.reading import Unit
from owners.queries import ShownCar

Plate = Annotated[str, text_of(16)]
Words = Annotated[str, text_of(60)]
Year = Annotated[int, Field(strict=True, ge=1886, le=2100)]
Tags = Annotated[tuple[Annotated[str, text_of(40)], ...], Field(max_length=20), Unrepeated]
EnergyKinds = Annotated[
    tuple[EnergyKind, ...], Field(max_length=6, description="Several at once, for example petrol and lpg."), Unrepeated
]

_PURCHASE: Final = (
    "purchase_date",
    "purchase_price_minor",
    "purchase_currency",
    "purchase_odometer_value",
    "purchase_odometer_unit",
)


class Purchase(ApiModel):
    """How the owner got the car, as far as it is told."""

    date: PastDate | None = None
    price: Money | None = None
    odometer: OdometerInput | None = None


class RegisterCarRequest(ApiModel):
    """A new car; at least one of VIN, frame number, plate, nickname, make and model tells it from others."""

    vin: Vin | None = None
    frame_number: FrameNumber | None = None
    plate: Plate | None = None
    make: Words | None = None
    model: Words | None = None
    year: Year | None = None
    nickname: Words | None = None
    tags: Tags = ()
    energy_kinds: EnergyKinds = ()
    odometer_unit: Unit = "km"
    currency: CurrencyCode
    purchase: Purchase | None = None

    def details(self) -> dict[str, Any]:
        """What the domain calls the car's details."""
        return _columns({name: getattr(self, name) for name in type(self).model_fields})


class EditCarRequest(Edit):
    """The fields to change; those left out stay as they are. `purchase` is replaced as a whole."""

    nullable: ClassVar[frozenset[str]] = frozenset(
        {"vin", "frame_number", "plate", "make", "model", "year", "nickname", "purchase"}
    )

    vin: Vin | None = None
    frame_number: FrameNumber | None = None
    plate: Plate | None = None
    make: Words | None = None
    model: Words | None = None
    year: Year | None = None
    nickname: Words | None = None
    tags: Tags | SkipJsonSchema[None] = None
    energy_kinds: EnergyKinds | SkipJsonSchema[None] = None
    odometer_unit: Unit | SkipJsonSchema[None] = None
    currency: CurrencyCode | SkipJsonSchema[None] = None
    purchase: Purchase | None = None

    def changes(self) -> dict[str, Any]:
        """What the domain calls the changed details."""
        return _columns(super().changes())


class Warning(ApiModel):  # noqa: A001 -- the API's own word
    """Something that is allowed and may still be a slip."""

    code: str
    detail: str


class CurrentOdometer(JudgedOdometer):
    """The last reading that is ok."""

    observed_on: date


class CarResponse(ApiModel):
    """A car. `identity` says whether a completed work order or a moderator confirmed VIN or frame number.

    disputed: another car has it, and a moderator will decide. rejected: it is another car's; type the right one.

    `my_role` is what the caller is to it; `purchase` is null for everybody but the owner. Who owned it once sees it as
    it was on the last day, `ended_on`.
    """

    id: UUID
    my_role: CarRole
    vin: str | None
    frame_number: str | None
    identity: IdentityStatus
    plate: str | None
    make: str | None
    model: str | None
    year: int | None
    nickname: str | None
    tags: list[str]
    energy_kinds: list[EnergyKind]
    odometer_unit: Unit
    currency: str
    purchase: Purchase | None
    odometer: CurrentOdometer | None
    photo: AttachmentResponse | None
    archived_at: datetime | None
    ended_on: date | None
    created_at: datetime
    updated_at: datetime
    warnings: list[Warning]


def car_response(shown: ShownCar) -> CarResponse:
    """The car as the caller may see it."""
    car = shown.car
    return CarResponse(
        id=car.id,
        my_role=shown.role,
        vin=car.vin,
        frame_number=car.frame_number,
        identity=car.identity_status,
        plate=car.plate,
        make=car.make,
        model=car.model,
        year=car.year,
        nickname=car.nickname,
        tags=car.tags,
        energy_kinds=car.energy_kinds,
        odometer_unit=car.odometer_unit,
        currency=car.currency,
        purchase=_purchase(car) if shown.role in {"owner", "former_owner"} else None,
        odometer=_odometer(shown),
        photo=None if shown.photo is None else attachment_response(shown.photo),
        archived_at=car.archived_at,
        ended_on=car.ended_on,
        created_at=car.created_at,
        updated_at=car.updated_at,
        warnings=_warnings(car),
    )


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()
    }
    if "purchase" in columns:
        columns |= _purchase_columns(columns.pop("purchase"))
    return columns


def _purchase_columns(purchase: Purchase | None) -> dict[str, Any]:
    if purchase is None:
        return dict.fromkeys(_PURCHASE)
    price, odometer = purchase.price, purchase.odometer.to_domain() if purchase.odometer else None
    return {
        "purchase_date": purchase.date,
        "purchase_price_minor": price.amount_minor if price else None,
        "purchase_currency": price.currency if price else None,
        "purchase_odometer_value": odometer.value if odometer else None,
        "purchase_odometer_unit": odometer.unit if odometer else None,
    }


def _purchase(car: Car) -> Purchase | None:
    if all(getattr(car, name) is None for name in _PURCHASE):
        return None
    price = None
    if car.purchase_price_minor is not None and car.purchase_currency is not None:
        price = Money.model_construct(amount_minor=car.purchase_price_minor, currency=car.purchase_currency)
    odometer = None
    if car.purchase_odometer_value is not None and car.purchase_odometer_unit is not None:
        value = format(car.purchase_odometer_value, "f")
        odometer = OdometerInput.model_construct(value=value, unit=car.purchase_odometer_unit)
    return Purchase.model_construct(date=car.purchase_date, price=price, odometer=odometer)


def _odometer(shown: ShownCar) -> CurrentOdometer | None:
    judged = judged_odometer(shown.last_ok)
    if judged is None or shown.last_ok is None:
        return None
    return CurrentOdometer(**judged.model_dump(), observed_on=shown.last_ok.reading.observed_on)


def _warnings(car: Car) -> list[Warning]:
    if not car.vin_is_unusual:
        return []
    detail = "The VIN's 9th character is not the check digit of the others. Outside North America it need not be."
    return [Warning(code="vin-check-digit", detail=detail)]
