"""The same completion, sent over and over, and a completion of what somebody else has changed."""

import asyncio
from collections import Counter

import pytest

from cli.client.gateway import Answered, Refused
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop

pytestmark = pytest.mark.crash

REPLAYED = "Idempotency-Replayed"


async def test_a_completion_sent_a_hundred_times_at_once_has_one_effect(
    workshop: Workshop, wholeness: Wholeness
) -> None:
    (order,) = await workshop.ready_orders(1)
    outcomes = await asyncio.gather(*(order.complete_once() for _ in range(100)), return_exceptions=True)
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answered)]
    others = [outcome for outcome in outcomes if not isinstance(outcome, Answered)]
    assert Counter(REPLAYED in answer.headers for answer in answers)[False] == 1
    assert {answer.etag for answer in answers} == {answers[0].etag}
    assert {type(other) for other in others} <= {Refused}
    assert {other.problem["type"] for other in others if isinstance(other, Refused)} <= {
        "urn:carpass:problem:idempotency-key-in-flight"
    }
    await wholeness.check([order])


async def test_a_completion_of_a_version_that_has_changed_is_refused_with_412(
    workshop: Workshop, wholeness: Wholeness
) -> None:
    (order,) = await workshop.ready_orders(1)
    stale = f'"{int(order.etag.strip(chr(34))) - 1}"'
    with pytest.raises(Refused) as refused:
        await order.complete_once(etag=stale)
    assert refused.value.status == 412
    assert await workshop.status_of(order) == "ready"
    await order.complete_once()
    await wholeness.check([order])
