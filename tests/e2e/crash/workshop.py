"""A service center at work, with people who are signed in and orders that only wait for their completion."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Self
from uuid import uuid4

from cli.client.gateway import Answered, Gateway, Person, Refused
from cli.client.sign_in import TelegramUser
from cli.demo.cast import Cast, sign_in_everybody
from cli.demo.narrator import Narrator
from cli.demo.operator import LocalOperator
from cli.demo.preparation import Prepared, prepare
from cli.demo.scenario import Scenario
from cli.demo.visit import Visit
from cli.errors import StackError
from cli.stack.running import RunningStack
from cli.stack.stack import Stack
from tests.e2e.faults import PATIENCE
from tests.support.eventually import eventually

_CARS = 6
_SIGNED_IN_FOR = 600.0
_SILENT = Narrator(silent=True)
_READING = {"value": "88000", "unit": "km"}
COMPLETION = {"odometer": _READING}
"""The body of every completion."""
_UNKNOWN = frozenset({409, 502, 503, 504})
"""Answers after which the order may be completed or not: in flight, or nobody knows."""

SCENARIO = Scenario.model_validate(
    {
        "title": "A small service, over and over",
        "center": {
            "name": "Автосервис на Заводской",
            "address": {"city": "Тула", "street": "ул. Заводская, 4"},
            "location": {"latitude": 54.19, "longitude": 37.61},
            "specialities": ["maintenance"],
            "time_zone": "Europe/Moscow",
            "currency": "RUB",
            "prices_include_tax": True,
        },
        "staff": [
            {"name": "Ольга Отказова", "role": "owner"},
            {"name": "Пётр Повторов", "role": "mechanic"},
        ],
        "customer": {"name": "Семён Сбоев", "language": "ru"},
        "car": {
            "frame_number": "NCP1000001",
            "make": "Toyota",
            "model": "Vitz",
            "year": 2001,
            "energy_kinds": ["petrol"],
            "odometer_unit": "km",
            "currency": "RUB",
        },
        "odometer": {"before": {"value": "87500", "unit": "km", "days_ago": 30}, "after": _READING},
        "jobs": [
            {
                "title": "Замена масла",
                "labor": [
                    {
                        "operation": "Замена масла и фильтра",
                        "hours": "0.5",
                        "rate": "2000",
                        "tax_percent": "0",
                        "mechanic": "Пётр Повторов",
                        "next_service": {"km": 10000, "months": 12},
                    }
                ],
                "products": [
                    {
                        "kind": "part",
                        "name": "Фильтр масляный",
                        "quantity": "1",
                        "unit": "pcs",
                        "price": "890",
                        "tax_percent": "0",
                    }
                ],
            }
        ],
    }
)


@dataclass(frozen=True)
class ReadyOrder:
    """An order whose completion is all that is left. `key`: the Idempotency-Key of that."""

    id: str
    etag: str
    founder: Person
    key: str = field(default_factory=lambda: str(uuid4()))

    async def complete_once(self, *, etag: str | None = None) -> Answered:
        """One request; raises Refused or StackError."""
        path = f"/v1/work-orders/{self.id}/completion"
        return await self.founder.post(path, COMPLETION, etag=etag or self.etag, key=self.key)

    @property
    def headers(self) -> dict[str, str]:
        """Of the same request, for a client of the test's own."""
        token = self.founder.access_token
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": self.key, "If-Match": self.etag}

    async def complete(self) -> Answered:
        """As a good client: while it does not know what became of its request, it sends it again with the same key."""

        async def attempt() -> Answered:
            try:
                return await self.complete_once()
            except Refused as refused:
                if refused.status not in _UNKNOWN:
                    raise
                raise AssertionError(refused) from refused
            except StackError as error:
                raise AssertionError(error) from error

        return await eventually(attempt, within=PATIENCE, every=0.2)


class Workshop:
    """One approved center with its staff, and some cars that it may work on; the first owner has the bot linked."""

    def __init__(self, gateway: Gateway, cast: Cast, bot_token: str) -> None:
        self._gateway = gateway
        self._cast = cast
        self._bot_token = bot_token
        self._signed_in_at = time.monotonic()
        self._customers: list[tuple[Person, Prepared]] = []
        self._turn = count()

    @classmethod
    async def open(cls, stack: Stack, gateway: Gateway) -> Self:
        operator = LocalOperator(RunningStack.of(stack.state.root))
        cast = await sign_in_everybody(gateway, SCENARIO, operator.bot_token())
        made = cls(gateway, cast, operator.bot_token())
        prepared = await prepare(SCENARIO, cast, operator, _SILENT)
        made._customers.append((cast.customer, prepared))
        others = [made._add_customer(number, prepared.center_id) for number in range(2, _CARS + 1)]
        made._customers += await asyncio.gather(*others)
        return made

    async def ready_orders(self, wanted: int) -> list[ReadyOrder]:
        """So many orders, of one car after the other, as if the work on them were done."""
        await self._stay_signed_in()
        return list(await asyncio.gather(*(self.ready_order() for _ in range(wanted))))

    async def ready_order(self) -> ReadyOrder:
        """One order of the car whose turn it is."""
        return await self._prepare(*self._customers[next(self._turn) % _CARS])

    async def ready_order_of_the_linked_owner(self) -> ReadyOrder:
        """One order whose completion is told in Telegram as well."""
        await self._stay_signed_in()
        return await self._prepare(*self._customers[0])

    @property
    def linked_owner(self) -> tuple[Person, str]:
        """Whom the bot knows, and the id of the car."""
        person, prepared = self._customers[0]
        return person, prepared.car_id

    async def status_of(self, order: ReadyOrder) -> str:
        """As the center sees it now."""
        status: str = (await order.founder.get(f"/v1/work-orders/{order.id}")).body["status"]
        return status

    async def _prepare(self, customer: Person, prepared: Prepared) -> ReadyOrder:
        ready = await Visit(SCENARIO, replace(self._cast, customer=customer), _SILENT).until_ready(prepared)
        return ReadyOrder(ready.id, ready.etag, self._cast.founder)

    async def _add_customer(self, number: int, center_id: str) -> tuple[Person, Prepared]:
        customer = await self._gateway.sign_in(TelegramUser.named(f"Сбоев {number}"), self._bot_token)
        car = (await customer.post("/v1/cars", SCENARIO.car | {"frame_number": f"NCP100000{number}"})).body
        asked = {"center_id": center_id, "car_id": car["id"], "scopes": ["odometer", "history_read", "create_visit"]}
        link = (await self._cast.office.post("/v1/car-links", asked)).body
        await customer.post(f"/v1/car-links/{link['id']}/approval", {})
        return customer, Prepared(center_id, car["id"])

    async def _stay_signed_in(self) -> None:
        """Access tokens last a quarter of an hour, which is less than a slow run."""
        if time.monotonic() - self._signed_in_at < _SIGNED_IN_FOR:
            return
        people = {id(person): person for person in (*self._cast.staff.values(), *(who for who, _ in self._customers))}
        for person in people.values():
            person.access_token = (await self._gateway.sign_in(person.telegram, self._bot_token)).access_token
        self._signed_in_at = time.monotonic()
