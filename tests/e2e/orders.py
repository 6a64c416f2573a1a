"""A work order on its way, step by step through the gateway."""

from __future__ import annotations

from typing import Any, Self

from cli.client.gateway import Answered, Person
from tests.e2e.playing import Rehearsed

STEPS = ("draft", "awaiting_approval", "approved", "in_progress", "ready", "completed")


class Order:
    """Each step sends the version that the last answer told."""

    def __init__(self, rehearsed: Rehearsed, opened: Answered) -> None:
        self._rehearsed = rehearsed
        self.path = f"/v1/work-orders/{opened.body['id']}"
        self.last = opened

    @classmethod
    async def opened(cls, rehearsed: Rehearsed, *, jobs: int = 1) -> Self:
        """A draft with jobs of one hour each, for the scenario's mechanic to do."""
        prepared, cast = rehearsed.prepared, rehearsed.cast
        wanted = {"center_id": prepared.center_id, "car_id": prepared.car_id}
        order = cls(rehearsed, await cast.office.post("/v1/work-orders", wanted))
        for number in range(1, jobs + 1):
            await order.act(cast.office, "jobs", {"title": f"Job {number}"})
            labor = {"operation": "Work", "hours": "1", "rate": "1000", "mechanic_id": cast.mechanic.user_id}
            await order.act(cast.office, f"jobs/{order.jobs[-1]['id']}/labor", labor)
        return order

    @property
    def id(self) -> str:
        found: str = self.last.body["id"]
        return found

    @property
    def status(self) -> str:
        found: str = self.last.body["status"]
        return found

    @property
    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.last.body["jobs"]
        return found

    async def act(self, person: Person, what: str, body: Any = None) -> Answered:
        """One step by this person."""
        self.last = await person.post(f"{self.path}/{what}", body, etag=self.last.etag)
        return self.last

    async def advance(self, to: str) -> Self:
        """All steps until it has this status."""
        while self.status != to:
            await self._step()
        return self

    async def _step(self) -> None:
        cast = self._rehearsed.cast
        match self.status:
            case "draft":
                await self.act(cast.office, "estimate", {})
            case "awaiting_approval":
                await self.act(cast.customer, "approval", self.answer("authorise"))
            case "approved":
                await self.act(cast.mechanic, "start")
            case "in_progress":
                await self.act(cast.mechanic, "ready")
            case "ready":
                await self.act(cast.founder, "completion", self.reading)
            case final:
                raise AssertionError(f"nothing follows {final}")

    def answer(self, decision: str) -> dict[str, Any]:
        """The same answer for every job."""
        decisions = [{"job_id": job["id"], "decision": decision} for job in self.jobs]
        return {"estimate_version": 1, "decisions": decisions}

    @property
    def reading(self) -> dict[str, Any]:
        """What the odometer shows at hand-over."""
        after = self._rehearsed.scenario.odometer.after
        return {"odometer": {"value": after.value, "unit": after.unit}}
