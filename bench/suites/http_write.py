"""http-write: a work order is completed, by the product and by a hand-written handler of the same guarantees."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from bench.harness.context import Context
from bench.harness.load import closed_loop, request
from bench.harness.suite import Limit, Measured
from bench.traffic.orders import JOBS, LINES, VERSION, Workshop
from bench.traffic.people import Issuer
from bench.traffic.running import Meter, Running, measured, start_api, start_baseline
from chassis.ids import new_id

_CONNECTIONS: Final = 8
_BODY: Final = b'{"odometer":{"value":"187500","unit":"km"}}'
_EFFECTS: Final = """
SELECT count(*) AS orders,
    count(*) FILTER (WHERE o.status = 'completed' AND o.version = $2) AS completed,
    count(s.work_order_id) AS snapshots,
    count(*) FILTER (WHERE s.content::json -> 'totals' ->> 'total_minor' = e.total_minor::text
        AND json_array_length(s.content::json -> 'jobs') = $3) AS bills,
    (SELECT count(*) FROM status_history WHERE work_order_id = ANY ($1) AND to_status = 'completed') AS moves,
    (SELECT count(*) FROM outbox WHERE headers ->> 'ce_subject' = ANY ($1::uuid[]::text[])) AS events,
    (SELECT count(*) FROM outbox b JOIN snapshot t ON t.work_order_id::text = b.headers ->> 'ce_subject'
        WHERE t.work_order_id = ANY ($1)
        AND convert_from(b.payload, 'UTF8')::json ->> 'snapshot_sha256' = t.sha256) AS told
FROM work_order o JOIN estimate e ON e.work_order_id = o.id LEFT JOIN snapshot s ON s.work_order_id = o.id
WHERE o.id = ANY ($1)
"""


class Benchmark:
    """Orders of two jobs and eight lines, eight managers' hands at once."""

    name = "http-write"
    title = f"completion of a work order of {LINES} items, c={_CONNECTIONS}; rps over a hand-written CTE handler"
    limits: Mapping[str, Limit] = {"completions/s": Limit(must=0.45, goal=0.65, higher_is_better=True)}
    most_rounds = 9

    async def prepare(self, context: Context) -> None:
        """Every order of the run, and both servers on their one database."""
        issuer, workshop = Issuer(), Workshop()
        self._unverified: list[UUID] = []
        jwks = await context.resources.enter_async_context(issuer.serving())
        database = await context.servers.service_database("workorders")
        self._size = context.size(500, 16)
        admin_url = urlsplit(context.servers.postgres_admin_url)._replace(path=f"/{database.name}")
        self._admin = await context.connect(urlunsplit(admin_url))
        rounds = min(context.rounds, self.most_rounds) + 1
        self._fresh: Iterator[UUID] = iter(await workshop.store(self._admin, 2 * rounds * self._size))
        self._headers = issuer.authorization(workshop.manager_id) | {"If-Match": f'"{VERSION}"'}
        self._product = await start_api(context, "workorders", database, jwks)
        self._hand_written = await start_baseline(
            context,
            "completion",
            {"DATABASE_URL": database.api_url, "PUBLIC_KEY": base64.b64encode(issuer.public_key).decode()},
        )
        for running in (self._hand_written, self._product):
            await self._complete(running)

    async def baseline(self) -> Measured:
        """By hand."""
        return await self._complete(self._hand_written)

    async def subject(self) -> Measured:
        """The product."""
        return await self._complete(self._product)

    async def _complete(self, running: Running) -> Measured:
        orders = [next(self._fresh) for _ in range(self._size)]
        self._unverified += orders
        requests = [
            request(
                "POST",
                f"/v1/work-orders/{order_id}/completion",
                self._headers | {"Idempotency-Key": str(new_id())},
                _BODY,
            )
            for order_id in orders
        ]
        meter = Meter(running.process)
        load = await closed_loop(running.port, requests, connections=_CONNECTIONS)
        return measured(load, meter.spent())

    async def verify(self) -> Sequence[str]:
        """Each order, of either side, has everything once, and its event tells its snapshot."""
        orders, self._unverified = self._unverified, []
        rows = await self._admin.fetch(_EFFECTS, orders, VERSION + 1, JOBS)
        counts = [(what, count) for row in rows for what, count in row.items()]
        return [f"{len(orders)} orders, but {count} {what}" for what, count in counts if count != len(orders)]

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Completions a second."""
        return {"completions/s": subject.per_second / baseline.per_second} if baseline else {}

    async def close(self) -> None:
        """The harness ends what the context opened."""
