from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from cli.client.gateway import Gateway, Person, Refused
from cli.client.sign_in import TelegramUser


@dataclass
class Busy:
    """A gateway that refuses so many requests with this status before it takes one."""

    refusals: int = 0
    status: int = 503
    retry_after: str = "0"
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Idempotency-Key"))
        if len(self.keys) > self.refusals:
            return web.json_response({"state": "done"})
        problem = {"title": "Temporarily unavailable"}
        return web.json_response(problem, status=self.status, headers={"Retry-After": self.retry_after})


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    busy = Busy()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", busy.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    busy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield busy
    await runner.cleanup()


def somebody(gateway: Gateway) -> Person:
    return Person(gateway, TelegramUser.named("Anna"), "token")


@pytest.mark.parametrize("status", [503, 504])
async def test_patient_client_repeats_a_command_under_its_key(busy: Busy, status: int) -> None:
    busy.refusals, busy.status = 2, status
    async with Gateway(busy.url, patience=60) as gateway:
        assert (await somebody(gateway).post("/v1/cars", {})).body == {"state": "done"}
    assert len(busy.keys) == 3
    assert len(set(busy.keys)) == 1
    assert busy.keys[0]


async def test_patient_client_repeats_a_read(busy: Busy) -> None:
    busy.refusals = 1
    async with Gateway(busy.url, patience=60) as gateway:
        assert (await somebody(gateway).get("/v1/cars")).body == {"state": "done"}


@pytest.mark.parametrize(("status", "patience"), [(503, 0), (500, 60), (409, 60)])
async def test_other_refusals_and_those_of_an_impatient_client_stand(busy: Busy, status: int, patience: float) -> None:
    busy.refusals, busy.status, busy.retry_after = 9, status, "1"
    async with Gateway(busy.url, patience=patience) as gateway:
        with pytest.raises(Refused, match="Temporarily unavailable") as refused:
            await somebody(gateway).post("/v1/cars", {})
    assert (refused.value.status, len(busy.keys)) == (status, 1)


async def test_what_has_no_key_is_not_repeated(busy: Busy) -> None:
    busy.refusals = 9
    async with Gateway(busy.url, patience=60) as gateway:
        with pytest.raises(Refused):
            await gateway.call("POST", "/v1/auth/telegram", body={})
    assert len(busy.keys) == 1


async def test_wait_that_is_longer_than_the_patience_is_not_begun(busy: Busy) -> None:
    busy.refusals, busy.retry_after = 9, "3600"
    async with Gateway(busy.url, patience=60) as gateway:
        with pytest.raises(Refused):
            await somebody(gateway).get("/v1/cars")
    assert len(busy.keys) == 1


async def test_date_in_retry_after_counts_as_a_second(busy: Busy) -> None:
    busy.refusals, busy.retry_after = 9, "Fri, 31 Dec 2027 23:59:59 GMT"
    async with Gateway(busy.url, patience=0.5) as gateway:
        with pytest.raises(Refused) as refused:
            await somebody(gateway).get("/v1/cars")
    assert refused.value.retry_after == 1
