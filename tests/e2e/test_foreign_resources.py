"""Somebody else's resource is answered exactly as one that does not exist, whatever is asked of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from cli.client.gateway import Gateway, Person
from cli.stack.stack import Stack
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, Rehearsed, newcomer, recast, rehearse
from tests.support.eventually import eventually

AT_ONCE = 32


class Way(NamedTuple):
    """A request; words in braces stand for ids, which `Theirs` has."""

    method: str
    path: str
    body: Any = None


READING = {"odometer": {"value": "187420", "unit": "km"}}
EXPENSE = {"expense_date": "2024-05-01", "category": "parking", "amount": {"amount_minor": 1, "currency": "RUB"}}
SERVICE = {"service_date": "2024-05-01", "lines": [{"kind": "labor", "title": "Wash"}]}
LABOR = {"operation": "Work", "hours": "1", "rate": "1000"}
PRODUCT = {"kind": "part", "name": "Filter", "quantity": "1", "unit": "pcs", "price": "10"}
DECISIONS = {"estimate_version": 1, "decisions": [{"job_id": "{job}", "decision": "authorise"}]}
APPLICATION = {"documents": [{"name": "lease.pdf", "media_type": "application/pdf", "sha256": "0" * 64}]}
CAR, ORDER, LINK, CENTER = (
    "/v1/cars/{car}",
    "/v1/work-orders/{order}",
    "/v1/car-links/{link}",
    "/v1/service-centers/{center}",
)
COMPLETED = "/v1/work-orders/{completed}"
JOB = ORDER + "/jobs/{job}"

CENTER_WAYS = (
    Way("GET", CENTER + "/verification"),
    Way("POST", CENTER + "/verification", APPLICATION),
    Way("GET", CENTER + "/employees"),
    Way("POST", CENTER + "/invitations", {"role": "owner"}),
    Way("PATCH", CENTER + "/employees/{employee}", {"role": "owner"}),
    Way("POST", CENTER + "/employees/{employee}/deactivation"),
)
WAYS = (
    Way("GET", CAR),
    Way("PATCH", CAR, {"plate": "MINE"}),
    Way("POST", CAR + "/archive"),
    Way("POST", CAR + "/transfer", {}),
    Way("GET", CAR + "/transfer"),
    Way("DELETE", CAR + "/transfer"),
    Way("GET", CAR + "/odometer"),
    Way("POST", CAR + "/odometer", {**READING, "observed_on": "2024-05-01"}),
    Way("GET", CAR + "/service-entries"),
    Way("POST", CAR + "/service-entries", SERVICE),
    Way("GET", CAR + "/service-entries/{entry}"),
    Way("PATCH", CAR + "/service-entries/{entry}", {"note": "mine"}),
    Way("DELETE", CAR + "/service-entries/{entry}"),
    Way("GET", CAR + "/expenses"),
    Way("POST", CAR + "/expenses", EXPENSE),
    Way("GET", CAR + "/expenses/{expense}"),
    Way("PATCH", CAR + "/expenses/{expense}", {"note": "mine"}),
    Way("DELETE", CAR + "/expenses/{expense}"),
    Way("GET", CAR + "/recommendations"),
    Way("GET", CAR + "/score"),
    Way("GET", CAR + "/timeline"),
    Way("POST", "/v1/recommendations/{recommendation}/dismissal"),
    Way("POST", "/v1/work-orders", {"center_id": "{center}", "car_id": "{car}"}),
    Way("GET", ORDER),
    Way("GET", COMPLETED),
    Way("GET", COMPLETED + "/history"),
    Way("GET", COMPLETED + "/snapshot"),
    Way("GET", COMPLETED + "/estimates/1"),
    Way("GET", ORDER + "/estimates"),
    Way("POST", ORDER + "/jobs", {"title": "Mine"}),
    Way("PATCH", JOB, {"title": "Mine"}),
    Way("DELETE", JOB),
    Way("POST", JOB + "/labor", LABOR),
    Way("POST", JOB + "/products", PRODUCT),
    Way("PATCH", JOB + "/labor/{line}", {"hours": "2"}),
    Way("DELETE", JOB + "/labor/{line}"),
    Way("POST", ORDER + "/estimate", {}),
    Way("POST", ORDER + "/approval", DECISIONS),
    Way("POST", ORDER + "/completion", READING),
    Way("POST", ORDER + "/cancellation", {"reason": "Mine"}),
    Way("GET", LINK),
    Way("POST", LINK + "/approval", {}),
    Way("POST", LINK + "/decline"),
    Way("POST", LINK + "/revocation"),
    Way("GET", CENTER),
    Way("PATCH", CENTER, {"name": "Mine"}),
    *CENTER_WAYS,
    Way("POST", "/v1/car-links", {"center_id": "{center}", "car_id": "{car}", "scopes": ["odometer"]}),
    Way("POST", "/v1/notifications/{notification}/read"),
)


@dataclass(frozen=True)
class Answer:
    """What a client can tell answers apart by."""

    status: int
    body: Any
    headers: frozenset[str]


@dataclass(frozen=True)
class Theirs:
    """Ids of what belongs to others, and somebody who has nothing to do with it but a center of his own."""

    ids: dict[str, str]
    stranger: Person
    http: httpx.AsyncClient

    async def ask(self, way: Way, ids: dict[str, str]) -> Answer:
        """As a good client, again when the service is busy."""
        path, body = _filled(way.path, ids), _filled(way.body, ids)
        headers = {"Authorization": f"Bearer {self.stranger.access_token}", "If-Match": '"1"'}
        if way.method == "POST":
            headers["Idempotency-Key"] = str(uuid4())

        async def answer() -> httpx.Response | bool:
            got = await self.http.request(way.method, path, json=body, headers=headers)
            return got if got.status_code not in {503, 504} else False

        got = await eventually(answer, within=PATIENCE, every=0.2)
        assert isinstance(got, httpx.Response)
        return Answer(got.status_code, got.json() | {"trace_id": ""}, frozenset(got.headers))


def _filled(template: Any, ids: dict[str, str]) -> Any:
    match template:
        case str():
            for name, value in ids.items():
                template = template.replace(f"{{{name}}}", value)
            return template
        case dict():
            return {key: _filled(value, ids) for key, value in template.items()}
        case list():
            return [_filled(value, ids) for value in template]
        case _:
            return template


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}|(?<=estimates/)1", "{}", path)


async def _ids(rehearsed: Rehearsed) -> dict[str, str]:
    cast, prepared = rehearsed.cast, rehearsed.prepared
    order = await rehearsed.visit()
    draft = await Order.opened(rehearsed)
    customer = cast.customer
    draft_center = (await cast.office.post("/v1/service-centers", rehearsed.scenario.center)).body["id"]

    async def first(person: Person, path: str) -> str:
        async def listed() -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = (await person.get(path)).body["data"]
            return rows

        found: str = (await eventually(listed, within=PATIENCE))[0]["id"]
        return found

    car = f"/v1/cars/{prepared.car_id}"
    return {
        "car": prepared.car_id,
        "entry": await first(customer, f"{car}/service-entries"),
        "expense": await first(customer, f"{car}/expenses"),
        "recommendation": await first(customer, f"{car}/recommendations"),
        "notification": await first(customer, "/v1/notifications"),
        "link": await first(customer, "/v1/car-links"),
        "order": draft.id,
        "completed": order.id,
        "job": draft.jobs[0]["id"],
        "line": draft.jobs[0]["labor"][0]["id"],
        "center": draft_center,
        "employee": await first(cast.office, f"/v1/service-centers/{draft_center}/employees"),
        "public center": prepared.center_id,
    }


@pytest.fixture(scope="module")
async def theirs(stack: Stack, gateway: Gateway) -> AsyncIterator[Theirs]:
    rehearsed = await rehearse(stack, gateway, recast("brakes-and-timing-belt", "Theirs"))
    stranger = await newcomer(stack, gateway, "Mallory")
    await stranger.post("/v1/service-centers", rehearsed.scenario.center)
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=PATIENCE) as http:
        yield Theirs(await _ids(rehearsed), stranger, http)


async def test_every_way_is_a_route_of_the_api(theirs: Theirs) -> None:
    document = (await theirs.http.get("/openapi.json")).json()
    routes = {(method.upper(), _nameless(path)) for path, found in document["paths"].items() for method in found}
    assert [way for way in WAYS if (way.method, _nameless(way.path)) not in routes] == []


async def test_foreign_resource_is_answered_exactly_as_a_missing_one(theirs: Theirs) -> None:
    few = asyncio.Semaphore(AT_ONCE)

    async def ask(way: Way, ids: dict[str, str]) -> Answer:
        async with few:
            return await theirs.ask(way, ids)

    missing = {name: str(uuid4()) for name in theirs.ids}
    foreign = await asyncio.gather(*(ask(way, theirs.ids) for way in WAYS))
    absent = await asyncio.gather(*(ask(way, missing) for way in WAYS))
    asked = [f"{way.method} {way.path}" for way in WAYS]
    told_apart = {way: pair for way, *pair in zip(asked, foreign, absent, strict=True) if pair[0] != pair[1]}
    assert told_apart == {}
    assert {way: answer for way, answer in zip(asked, foreign, strict=True) if answer.status != 404} == {}


async def test_center_that_everybody_sees_says_that_its_inside_is_for_its_people(theirs: Theirs) -> None:
    ids = theirs.ids | {"center": theirs.ids["public center"]}
    answers = await asyncio.gather(*(theirs.ask(way, ids) for way in CENTER_WAYS))
    assert [answer.status for answer in answers] == [403 for _ in CENTER_WAYS]
