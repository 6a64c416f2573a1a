"""A service that takes requests and answers none."""

import asyncio
import signal

import httpx
import pytest

from cli.stack.service_part import answers_ok
from cli.stack.stack import Stack
from tests.e2e.crash.one_more import one_more
from tests.e2e.crash.workshop import Workshop
from tests.e2e.faults import PATIENCE, Faults
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash

DEADLINE = "3"
HUNG = "/v1/notifications"
OTHERS = ("/v1/me", "/v1/service-centers", "/v1/work-orders", "/v1/cars/{car}/score")


async def test_a_stopped_api_costs_its_own_routes_a_504_and_the_others_nothing(
    stack: Stack, workshop: Workshop, faults: Faults
) -> None:
    person, car = workshop.linked_owner
    headers = {"Authorization": f"Bearer {person.access_token}"}
    impatient = {"CARPASS_DEADLINES": f'{{"read": {DEADLINE}, "command": {DEADLINE}}}'}
    with one_more(stack, "gateway", "gateway", **impatient) as url:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE) as client:
            await eventually(lambda: answers_ok(f"{url}/readyz"), within=PATIENCE)
            faults.send(signal.SIGSTOP, "notifier-api")
            try:
                hung = [asyncio.create_task(client.get(HUNG)) for _ in range(5)]
                answers = [await client.get(path.format(car=car)) for path in OTHERS]
                refused = await asyncio.gather(*hung)
            finally:
                faults.send(signal.SIGCONT, "notifier-api")
            assert [answer.status_code for answer in answers] == [200] * len(OTHERS)
            assert [answer.status_code for answer in refused] == [504] * len(hung)
            assert {answer.json()["type"] for answer in refused} == {"urn:carpass:problem:gateway-timeout"}
            assert {answer.headers["Content-Type"] for answer in refused} == {"application/problem+json"}

            async def answered_again() -> bool:
                return (await client.get(HUNG)).status_code == 200

            await eventually(answered_again, within=PATIENCE)
