from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema

from chassis.http import ApiModel
from sto.domain import center as domain
from sto.domain.center import CenterProfile, Speciality
from sto.domain.errors import InvalidProfile
from sto.domain.permissions import StaffRole
from sto.domain.verification import VerificationStatus
from sto.queries.centers import FoundCenter


def _time_zone(name: str) -> str:
    try:
        return domain.demand_time_zone(name)
    except InvalidProfile as error:
        raise ValueError(str(error)) from error


def _currency(code: str) -> str:
    try:
        return domain.demand_currency(code)
    except InvalidProfile as error:
        raise ValueError(str(error)) from error


def _once[T](items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$"), Field(examples=["+74951234567"])]
Phones = Annotated[tuple[Phone, ...], Field(max_length=10), AfterValidator(_once)]
Specialities = Annotated[tuple[Speciality, ...], Field(max_length=50), AfterValidator(_once)]
Make = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Makes = Annotated[
    tuple[Make, ...], Field(max_length=100, description="None listed means all makes."), AfterValidator(_once)
]
TimeZone = Annotated[
    str, Field(max_length=64, description="IANA time zone", examples=["Europe/Moscow"]), AfterValidator(_time_zone)
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["RUB"]), AfterValidator(_currency)]


class Address(ApiModel):
    """Where customers come to."""

    city: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    street: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)] | None = None

    def to_domain(self) -> domain.Address:
        """The value that the domain knows."""
        return domain.Address(city=self.city, street=self.street, postal_code=self.postal_code)


class Location(ApiModel):
    """WGS 84 degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

    def to_domain(self) -> domain.GeoPoint:
        """The value that the domain knows."""
        return domain.GeoPoint(latitude=self.latitude, longitude=self.longitude)


class RegisterCenterRequest(ApiModel):
    """A new center."""

    name: Name
    address: Address
    location: Location
    phones: Phones = ()
    specialities: Specialities = ()
    makes: Makes = ()
    time_zone: TimeZone
    currency: CurrencyCode
    prices_include_tax: bool

    def to_profile(self) -> CenterProfile:
        """The profile that the domain knows."""
        return CenterProfile(**_fields(self, type(self).model_fields))


class EditCenterRequest(ApiModel):
    """The fields to change; those left out stay as they are."""

    name: Name | SkipJsonSchema[None] = None
    address: Address | SkipJsonSchema[None] = None
    location: Location | SkipJsonSchema[None] = None
    phones: Phones | SkipJsonSchema[None] = None
    specialities: Specialities | SkipJsonSchema[None] = None
    makes: Makes | SkipJsonSchema[None] = None
    time_zone: TimeZone | SkipJsonSchema[None] = None
    currency: CurrencyCode | SkipJsonSchema[None] = None
    prices_include_tax: bool | SkipJsonSchema[None] = None

    @model_validator(mode="after")
    def _refuse_null(self) -> EditCenterRequest:
        for field in self.model_fields_set:
            if getattr(self, field) is None:
                raise ValueError(f"{field} must have a value, or be left out")
        return self

    def edit(self, profile: CenterProfile) -> CenterProfile:
        """The profile with the changes."""
        return replace(profile, **_fields(self, self.model_fields_set))


class ServiceCenterResponse(ApiModel):
    """A service center. `my_role` is the caller's own there."""

    id: UUID
    name: str
    address: Address
    location: Location
    phones: tuple[str, ...]
    specialities: tuple[Speciality, ...]
    makes: tuple[str, ...]
    time_zone: str
    currency: str
    prices_include_tax: bool
    verification: VerificationStatus
    my_role: StaffRole | None
    created_at: datetime


class FoundCenterResponse(ServiceCenterResponse):
    """A search's result. `distance_m` is there when the search named a place."""

    distance_m: int | None


def center_response(found: FoundCenter) -> ServiceCenterResponse:
    """The center as the caller sees it."""
    return ServiceCenterResponse(**_center(found))


def found_center_response(found: FoundCenter) -> FoundCenterResponse:
    """The center as a search shows it."""
    return FoundCenterResponse(
        **_center(found), distance_m=None if found.distance_m is None else round(found.distance_m)
    )


def _fields(body: RegisterCenterRequest | EditCenterRequest, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(body, name) for name in names}
    return {
        name: value.to_domain() if isinstance(value, Address | Location) else value for name, value in values.items()
    }


def _center(found: FoundCenter) -> dict[str, Any]:
    center, profile = found.center, found.center.profile
    return {
        "id": center.id,
        "name": profile.name,
        "address": Address.model_construct(
            city=profile.address.city, street=profile.address.street, postal_code=profile.address.postal_code
        ),
        "location": Location(latitude=profile.location.latitude, longitude=profile.location.longitude),
        "phones": profile.phones,
        "specialities": profile.specialities,
        "makes": profile.makes,
        "time_zone": profile.time_zone,
        "currency": profile.currency,
        "prices_include_tax": profile.prices_include_tax,
        "verification": center.verification,
        "my_role": found.my_role,
        "created_at": center.created_at,
    }
