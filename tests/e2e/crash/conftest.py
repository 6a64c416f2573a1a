from collections.abc import AsyncIterator

import pytest

from cli.client.gateway import Gateway
from cli.stack.stack import Stack

pytest.register_assert_rewrite("tests.e2e.crash.dead_letters", "tests.e2e.crash.wholeness")

from tests.e2e.crash.wholeness import Wholeness  # noqa: E402
from tests.e2e.crash.workshop import Workshop  # noqa: E402


@pytest.fixture(scope="session")
async def gateway(stack: Stack) -> AsyncIterator[Gateway]:
    """A client that hears of every failure."""
    async with Gateway(stack.gateway_url) as entered:
        yield entered


@pytest.fixture(scope="session")
async def workshop(stack: Stack, gateway: Gateway) -> Workshop:
    return await Workshop.open(stack, gateway)


@pytest.fixture(scope="session")
def wholeness(stack: Stack) -> Wholeness:
    return Wholeness(stack)
