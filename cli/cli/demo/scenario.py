"""What the demo performs: a JSON file that anybody can edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cli.errors import StackError

SHIPPED = Path(__file__).parent / "scenarios"
DEFAULT = "brakes-and-timing-belt"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Employee(_Part):
    """Who works at the center; the first one with the role `owner` founds it."""

    name: str
    role: Literal["owner", "manager", "receptionist", "mechanic"]


class Customer(_Part):
    """Whose car it is; `language` is the one of the messages in Telegram."""

    name: str
    language: Literal["ru", "en"] = "ru"


class Reading(_Part):
    """What the odometer shows."""

    value: str
    unit: Literal["km", "mi"]


class EarlierReading(Reading):
    """What it showed some days ago."""

    days_ago: Annotated[int, Field(ge=0, le=3650)]


class Odometer(_Part):
    """Before the visit as the customer noted it, and at hand-over."""

    before: EarlierReading
    after: Reading


class Job(_Part):
    """Lines are sent to the API as they stand, but for `mechanic`: the name of somebody of the staff."""

    title: str
    decision: Literal["authorise", "decline"] = "authorise"
    labor: list[dict[str, Any]] = []
    products: list[dict[str, Any]] = []


class Scenario(_Part):
    """A whole visit. `center` and `car` are the bodies of POST /v1/service-centers and POST /v1/cars."""

    title: str
    center: dict[str, Any]
    staff: Annotated[list[Employee], Field(min_length=2)]
    customer: Customer
    car: dict[str, Any]
    odometer: Odometer
    complaint: str | None = None
    jobs: Annotated[list[Job], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> Scenario:
        if not any(person.role == "owner" for person in self.staff):
            raise ValueError("staff needs somebody with the role owner")
        if not any(person.role == "mechanic" for person in self.staff):
            raise ValueError("staff needs somebody with the role mechanic")
        names = {person.name for person in self.staff}
        for job in self.jobs:
            for line in job.labor:
                if "mechanic" in line and line["mechanic"] not in names:
                    raise ValueError(f"{line['mechanic']} is not among the staff")
        if all(job.decision == "decline" for job in self.jobs):
            raise ValueError("at least one job has to be authorised")
        return self

    def first(self, *roles: str) -> Employee:
        """The first of the staff in the first of these roles that somebody has."""
        return next(person for role in roles for person in self.staff if person.role == role)

    @property
    def mechanic(self) -> Employee:
        """Who does the work: the mechanic of the first authorised job that names one."""
        named = [
            line["mechanic"]
            for job in self.jobs
            if job.decision == "authorise"
            for line in job.labor
            if "mechanic" in line
        ]
        return next((person for person in self.staff if named and person.name == named[0]), self.first("mechanic"))


def shipped() -> list[str]:
    """The names of the scenarios that come with CarPass."""
    return sorted(path.stem for path in SHIPPED.glob("*.json"))


def load(name_or_file: str) -> Scenario:
    """A shipped scenario by name, or a file; StackError says what is wrong with it."""
    path = SHIPPED / f"{name_or_file}.json" if name_or_file in shipped() else Path(name_or_file)
    try:
        return Scenario.model_validate_json(path.read_bytes())
    except OSError as error:
        known = ", ".join(shipped())
        raise StackError(f"{path} cannot be read ({error.strerror}); give a file, or one of: {known}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise StackError(f"{path} is no scenario: {place}: {first['msg']}.") from error
