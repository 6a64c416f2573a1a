"""The service centers, people and cars of a soak, made before the first fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cli.client.gateway import Gateway, Person, Refused
from cli.client.sign_in import TelegramUser
from cli.demo.cast import sign_in_everybody
from cli.demo.narrator import Narrator
from cli.demo.operator import Operator
from cli.demo.preparation import prepare
from cli.demo.scenario import Scenario
from cli.errors import StackError

SIGNED_IN_FOR = 600.0
"""Seconds after which a person signs in anew: access tokens last a quarter of an hour."""
_CARS_PER_CENTER = 60
_MOST_CARS = 240
_ORDERS_PER_CAR = 10
_AT_ONCE = 8
_FIRST_READING = 87_500


@dataclass(frozen=True)
class Center:
    """An approved service center: whoever founded it also runs its office."""

    id: str
    name: str
    office: Person
    mechanic: Person


@dataclass
class Car:
    """A car that its owner lets one center work on. `driven`: tenths of a kilometre since the first reading."""

    id: str
    owner: Person
    center: Center
    driven: int = 0

    def drive(self, tenths: int) -> str:
        """What the odometer shows after so many more tenths of a kilometre."""
        self.driven += tenths
        return f"{_FIRST_READING + self.driven // 10}.{self.driven % 10}"


@dataclass
class Town:
    """Everybody and everything; the first owner of each center has a Telegram chat with the bot."""

    centers: Sequence[Center]
    cars: Sequence[Car]
    linked: Sequence[Person]
    bot_token: str
    _signed_in_at: dict[int, float] = field(default_factory=dict)
    _opened_at: float = field(default_factory=time.monotonic)

    def move_to(self, gateway: Gateway) -> None:
        """Everybody speaks to this gateway from now on."""
        for person in {id(each): each for car in self.cars for each in (car.owner, car.center.office)}.values():
            person.gateway = gateway

    async def stay_signed_in(self, *people: Person) -> None:
        """Signs in anew who did so a while ago; whoever is not let in now keeps the token and tries the next time."""
        for person in people:
            now = time.monotonic()
            if now - self._signed_in_at.get(id(person), self._opened_at) < SIGNED_IN_FOR:
                continue
            try:
                anew = await person.gateway.sign_in(person.telegram, self.bot_token)
            except (Refused, StackError):
                continue
            person.access_token = anew.access_token
            self._signed_in_at[id(person)] = now


def cars_for(orders: int, clients: int) -> int:
    """How many cars so many orders are about: at least one a client, and never more than four centers have."""
    return max(clients, min(_MOST_CARS, orders // _ORDERS_PER_CAR))


async def open_town(gateway: Gateway, operator: Operator, *, cars: int) -> Town:
    """Centers with their staff, and cars with a link each, dealt out to the centers in turn."""
    bot_token = operator.bot_token()
    opened = [await _open_center(gateway, operator, number) for number in range(-(-cars // _CARS_PER_CENTER))]
    centers = [center for center, _ in opened]
    firsts = [car for _, car in opened]
    places = asyncio.Semaphore(_AT_ONCE)

    async def added(number: int) -> Car:
        async with places:
            return await _add_car(gateway, bot_token, centers[number % len(centers)], number)

    others = await asyncio.gather(*(added(number) for number in range(len(firsts), cars)))
    return Town(centers, [*firsts, *others], [car.owner for car in firsts], bot_token)


async def _open_center(gateway: Gateway, operator: Operator, number: int) -> tuple[Center, Car]:
    scenario = _scenario(number)
    cast = await sign_in_everybody(gateway, scenario, operator.bot_token())
    prepared = await prepare(scenario, cast, operator, Narrator(silent=True))
    center = Center(prepared.center_id, scenario.center["name"], cast.office, cast.mechanic)
    return center, Car(prepared.car_id, cast.customer, center)


async def _add_car(gateway: Gateway, bot_token: str, center: Center, number: int) -> Car:
    owner = await gateway.sign_in(TelegramUser.named(f"Владелец {number}"), bot_token)
    car = (await owner.post("/v1/cars", _car(number))).body
    asked = {"center_id": center.id, "car_id": car["id"], "scopes": ["odometer", "history_read", "create_visit"]}
    link = (await center.office.post("/v1/car-links", asked)).body
    await owner.post(f"/v1/car-links/{link['id']}/approval", {})
    return Car(car["id"], owner, center)


def _car(number: int) -> dict[str, object]:
    return {
        "frame_number": f"NCP10{number:05}",
        "make": "Toyota",
        "model": "Vitz",
        "year": 2001,
        "energy_kinds": ["petrol"],
        "odometer_unit": "km",
        "currency": "RUB",
    }


def _scenario(number: int) -> Scenario:
    """As much of a demo's scenario as its preparation needs."""
    reading = {"value": str(_FIRST_READING), "unit": "km"}
    return Scenario.model_validate(
        {
            "title": "Soak",
            "center": {
                "name": f"Автосервис № {number + 1}",
                "address": {"city": "Тула", "street": f"ул. Заводская, {number + 1}"},
                "location": {"latitude": 54.19, "longitude": 37.61},
                "specialities": ["maintenance"],
                "time_zone": "Europe/Moscow",
                "currency": "RUB",
                "prices_include_tax": True,
            },
            "staff": [
                {"name": f"Хозяйка {number}", "role": "owner"},
                {"name": f"Механик {number}", "role": "mechanic"},
            ],
            "customer": {"name": f"Владелец {number}", "language": "ru"},
            "car": _car(number),
            "odometer": {"before": reading | {"days_ago": 30}, "after": reading},
            "jobs": [{"title": "Осмотр"}],
        }
    )
