"""The visit itself: from an empty draft to a completed work order."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from cli.client.gateway import Person
from cli.demo.cast import Cast
from cli.demo.narrator import Narrator, money
from cli.demo.preparation import Prepared
from cli.demo.scenario import Job, Scenario


@dataclass(frozen=True)
class Ready:
    """An order whose work is done; `etag` is the version that its completion has to name."""

    id: str
    etag: str


@dataclass(frozen=True)
class Completed:
    """The completed order and the instant (monotonic seconds) at which its completion was answered."""

    order: dict[str, Any]
    center_id: str
    car_id: str
    at: float

    @property
    def id(self) -> str:
        """Of the work order."""
        found: str = self.order["id"]
        return found


class Visit:
    """One order as its people work on it: each step sends the version that the last answer told."""

    def __init__(self, scenario: Scenario, cast: Cast, narrator: Narrator) -> None:
        self._scenario = scenario
        self._cast = cast
        self._narrator = narrator
        self._order: dict[str, Any] = {}
        self._etag = ""

    async def perform(self, prepared: Prepared) -> Completed:
        """All steps."""
        await self.until_ready(prepared)
        return await self._complete(prepared)

    async def until_ready(self, prepared: Prepared) -> Ready:
        """All steps but the completion."""
        await self._open(prepared)
        for job in self._scenario.jobs:
            await self._add(job)
        await self._estimate()
        await self._decide()
        await self._work()
        return Ready(self._id, self._etag)

    async def _open(self, prepared: Prepared) -> None:
        body = {"center_id": prepared.center_id, "car_id": prepared.car_id}
        if self._scenario.complaint is not None:
            body["complaint"] = self._scenario.complaint
        answer = await self._cast.office.post("/v1/work-orders", body)
        self._order, self._etag = answer.body, answer.etag
        self._narrator.step(f"{self._cast.office.telegram.first_name} opens work order {self._order['number']}")

    async def _add(self, job: Job) -> None:
        office = self._cast.office
        await self._act(office, "jobs", {"title": job.title})
        job_id = self._order["jobs"][-1]["id"]
        for line in job.labor:
            await self._act(office, f"jobs/{job_id}/labor", self._with_mechanic(line))
        for line in job.products:
            await self._act(office, f"jobs/{job_id}/products", line)
        total = self._order["jobs"][-1]["amounts"]["total"]
        self._narrator.step(f"job: {job.title}, {len(job.labor) + len(job.products)} lines, {money(total)}")

    async def _estimate(self) -> None:
        await self._act(self._cast.office, "estimate", {})
        estimate = self._order["estimate"]
        self._narrator.step(
            f"estimate {estimate['version']} is frozen and sent: {money(estimate['total'])}, "
            f"SHA-256 {estimate['sha256'][:12]}…"
        )

    async def _decide(self) -> None:
        decisions = [
            {"job_id": shown["id"], "decision": job.decision}
            for shown, job in zip(self._order["jobs"], self._scenario.jobs, strict=True)
        ]
        version = self._order["estimate"]["version"]
        await self._act(self._cast.customer, "approval", {"estimate_version": version, "decisions": decisions})
        approved = sum(job.decision == "authorise" for job in self._scenario.jobs)
        declined = len(decisions) - approved
        self._narrator.step(
            f"{self._cast.customer.telegram.first_name} approves {approved} and declines {declined} of the jobs"
        )

    async def _work(self) -> None:
        await self._act(self._cast.mechanic, "start")
        await self._act(self._cast.mechanic, "ready")
        self._narrator.step(f"{self._cast.mechanic.telegram.first_name} does the work and marks it ready")

    async def _complete(self, prepared: Prepared) -> Completed:
        after = self._scenario.odometer.after
        await self._act(self._cast.founder, "completion", {"odometer": {"value": after.value, "unit": after.unit}})
        done = Completed(self._order, prepared.center_id, prepared.car_id, time.monotonic())
        self._narrator.step(
            f"{self._cast.founder.telegram.first_name} completes it at {after.value} {after.unit}: "
            f"{money(self._order['bill']['total'])}"
        )
        return done

    async def _act(self, person: Person, what: str, body: Any = None) -> None:
        answer = await person.post(f"/v1/work-orders/{self._id}/{what}", body, etag=self._etag)
        self._order, self._etag = answer.body, answer.etag

    @property
    def _id(self) -> str:
        found: str = self._order["id"]
        return found

    def _with_mechanic(self, line: dict[str, Any]) -> dict[str, Any]:
        sent = {name: value for name, value in line.items() if name != "mechanic"}
        if "mechanic" in line:
            sent["mechanic_id"] = self._cast.staff[line["mechanic"]].user_id
        return sent
