"""http-read: a page of 50 timeline entries out of a database, product against hand-written code."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

import aiohttp
import orjson

from bench.harness.context import Context
from bench.harness.suite import Limit, Measured
from bench.traffic.reading import Reading
from bench.traffic.running import Running, start_baseline
from bench.traffic.timelines import Timeline

_ROWS: Final = 50
_CONNECTIONS: Final = 8


class Benchmark:
    """The newest 50 of 500 entries, eight readers."""

    name = "http-read"
    title = "50-row timeline; CPU over FastAPI + asyncpg json_agg"
    limits: Mapping[str, Limit] = {"CPU of the process": Limit(must=1.5, goal=1.15)}
    most_rounds = 9
    _reading: Reading | None = None

    async def prepare(self, context: Context) -> None:
        """One database, both servers on it."""
        self._timeline = Timeline(500)
        self._reading = reading = Reading(context, self._timeline)
        await reading.open()
        self._product = await reading.trust()
        self._hand_written = await start_baseline(
            context,
            "timeline",
            {
                "DATABASE_URL": reading.database.api_url,
                "PUBLIC_KEY": base64.b64encode(reading.issuer.public_key).decode(),
            },
        )
        self._seconds = context.size(5, 0.3)
        for running in (self._hand_written, self._product):
            await self._load(running, min(1, self._seconds))

    async def baseline(self) -> Measured:
        """By hand."""
        return await self._load(self._hand_written, self._seconds)

    async def subject(self) -> Measured:
        """The product."""
        return await self._load(self._product, self._seconds)

    async def _load(self, running: Running, seconds: float) -> Measured:
        assert self._reading is not None
        asked = self._reading.request(_ROWS)
        return await self._reading.load(running, asked, connections=_CONNECTIONS, seconds=seconds)

    async def verify(self) -> Sequence[str]:
        """Both answer with the same 50 entries."""
        theirs, ours = [await self._page(running) for running in (self._hand_written, self._product)]
        return [] if ours == theirs and len(ours) == _ROWS else ["the product's page is not the baseline's"]

    async def _page(self, running: Running) -> list[str]:
        assert self._reading is not None
        headers = self._reading.issuer.authorization(self._timeline.owner_id)
        url = f"http://127.0.0.1:{running.port}{self._timeline.path(_ROWS)}"
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
            entries = orjson.loads(await answer.read())["data"]
        return [f"{entry['id']} {entry['kind']} {entry['details']}" for entry in entries]

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """CPU of the process that answers, for one answer."""
        return {"CPU of the process": subject.cpu_us / baseline.cpu_us} if baseline else {}

    async def close(self) -> None:
        """The processes are ended by the harness."""
        if self._reading is not None:
            await self._reading.close()
