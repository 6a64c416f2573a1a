"""growth-owners: whether what a car's owner looks at is as fast after years of entries as at the beginning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.harness.context import Context
from bench.harness.figures import percentile
from bench.harness.load import closed_loop, request
from bench.harness.suite import Limit, Measured
from bench.traffic.kept_cars import KeptCar, store, write_signing_key
from bench.traffic.people import Issuer
from bench.traffic.running import Meter, Running, start_api
from owners.signin.keys import SigningKey

_SMALL, _LARGE, _LARGE_IF_QUICK = 100, 100_000, 1_000
_PAGES: Final[Mapping[str, str]] = {
    "car": "",
    "fuel entries": "/fuel-entries?limit=20",
    "expenses": "/expenses?limit=20",
    "odometer": "/odometer?limit=20",
    "consumption": "/consumption",
    "analytics of a year": "/analytics?from=2024-07-01&to=2025-06-30",
}
_LIMIT: Final = Limit(must=1.5, goal=1.2)


class Benchmark:
    """The same pages of a car with 100 fills and 100 expenses and of one with 100,000 each; one reader."""

    name = "growth-owners"
    title = "what an owner looks at, 100 to 100,000 entries of each kind; p50"
    limits: Mapping[str, Limit] = dict.fromkeys(_PAGES, _LIMIT)
    most_rounds = 9

    async def prepare(self, context: Context) -> None:
        """Both cars in one database, and one API process."""
        self._small, self._large = KeptCar(_SMALL), KeptCar(context.size(_LARGE, _LARGE_IF_QUICK))
        database = await context.servers.service_database("owners")
        await store(database, self._small, self._large)
        issuer = Issuer()
        keys = write_signing_key(issuer.key, context.work / "signing-keys")
        self._kid = SigningKey.of(issuer.key).kid
        self._issuer = issuer
        secrets = {"CARPASS_TELEGRAM_BOT_TOKEN": "1:bench", "CARPASS_NOTIFIER_CREDENTIAL": "bench"}
        self._api: Running = await start_api(
            context, "owners", database, "", environment={"CARPASS_SIGNING_KEYS_DIR": str(keys), **secrets}
        )
        self._seconds = context.size(0.7, 0.2)
        await self.baseline()
        await self.subject()

    async def baseline(self) -> Measured:
        """The young car."""
        return await self._look_at(self._small)

    async def subject(self) -> Measured:
        """The old one."""
        return await self._look_at(self._large)

    async def _look_at(self, car: KeptCar) -> Measured:
        headers = self._issuer.authorization(car.owner_id, self._kid)
        latencies: list[float] = []
        seconds, notes, meter = 0.0, {}, Meter(self._api.process)
        for name, path in _PAGES.items():
            asked = request("GET", f"/v1/cars/{car.car_id}{path}", headers)
            load = await closed_loop(self._api.port, [asked], connections=1, seconds=self._seconds)
            latencies += load.latencies
            seconds += load.seconds
            notes[f"{name}, ms"] = percentile(load.latencies, 50) * 1e3
        return Measured(len(latencies), seconds, meter.spent(), latencies, notes)

    async def verify(self) -> Sequence[str]:
        """That every answer is a 2xx is the load generator's to see."""
        return []

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Of each page, t(old) over t(young), medians."""
        if baseline is None:
            return {}
        return {name: subject.notes[f"{name}, ms"] / baseline.notes[f"{name}, ms"] for name in _PAGES}

    async def close(self) -> None:
        """The processes are ended by the harness."""
