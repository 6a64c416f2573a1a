from types import SimpleNamespace
from typing import Any

import pytest

from chassis.kafka import METADATA_BACKOFF, pace_metadata


class Client:
    """As far as an AIOKafkaClient is looked at."""

    def __init__(self, answers: list[bool]) -> None:
        self.answers = answers
        self.asked: list[tuple[Any, ...]] = []

    async def _metadata_update(self, *arguments: Any) -> bool:
        self.asked.append(arguments)
        return self.answers.pop(0)


async def test_brokers_that_are_away_are_asked_again_after_a_pause_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    client = Client([False, False, True])
    # In that module only: a server of another test on this loop must go on waiting.
    monkeypatch.setattr("chassis.kafka.asyncio", SimpleNamespace(sleep=sleep))
    pace_metadata(client)
    answers = [await client._metadata_update("cluster", topic) for topic in "abc"]
    assert answers == [False, False, True]
    assert client.asked == [("cluster", topic) for topic in "abc"]
    assert pauses == [METADATA_BACKOFF] * 2
