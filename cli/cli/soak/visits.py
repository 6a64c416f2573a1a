"""One client's work orders, each as an honest client performs it: with retries, and never a second key for one act."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from cli.client.gateway import Answered, Person, Refused
from cli.errors import StackError
from cli.soak.history import REFUSED, BadAnswer, History, OrderHistory, Step
from cli.soak.orders import Fate, PlannedJob, PlannedOrder
from cli.soak.town import Car, Town

GIVE_UP_AFTER = 150.0
"""Seconds for which one request is tried again."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_NOT_SETTLED = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_IN_FLIGHT = "idempotency-key-in-flight"


class OrderEnds(Exception):  # noqa: N818 - reads as what happened
    """This order goes no further: its history says why."""


class Visitor:
    """A client with cars of its own, which it brings in one after the other."""

    def __init__(self, number: int, town: Town, cars: Sequence[Car], history: History) -> None:
        self.number = number
        self._town = town
        self._cars = cars
        self._history = history
        self._visits = 0

    async def perform(self, planned: PlannedOrder) -> None:
        """All of one order; returns when it has ended, in whatever way."""
        car = self._cars[self._visits % len(self._cars)]
        self._visits += 1
        await self._town.stay_signed_in(car.owner, car.center.office)
        record = OrderHistory(planned.number, self.number, car.id)
        try:
            await _Visit(planned, car, record, self._history).perform()
            record.outcome = planned.fate
        except OrderEnds:
            pass
        self._history.add(record)


class _Visit:
    """`record.possible` is kept as what the order can be now, whatever becomes of the request that is under way."""

    def __init__(self, planned: PlannedOrder, car: Car, record: OrderHistory, history: History) -> None:
        self._planned = planned
        self._car = car
        self._record = record
        self._history = history
        self._order: Mapping[str, Any] = {}
        self._etag = ""
        self._status = ""

    async def perform(self) -> None:
        office, owner = self._car.center.office, self._car.owner
        await self._open(office)
        for job in self._planned.jobs:
            await self._add(office, job)
        await self._act("estimate", office, {}, "awaiting_approval")
        if self._planned.fate is Fate.CANCELLED:
            await self._act("cancellation", office, {"reason": "Клиент передумал"}, "cancelled")
            return
        some = any(job.authorised for job in self._planned.jobs)
        await self._act("approval", owner, self._decisions(), "approved" if some else "declined")
        if self._planned.fate is Fate.DECLINED:
            return
        await self._act("start", office, None, "in_progress")
        await self._act("ready", office, None, "ready")
        await self._act("completion", office, self._reading(), "completed")

    async def _open(self, office: Person) -> None:
        body = {"center_id": self._car.center.id, "car_id": self._car.id}
        if self._planned.complaint is not None:
            body["complaint"] = self._planned.complaint
        answer = await self._request("create", office, "/v1/work-orders", body, etag=None)
        self._record.order_id = answer.body["id"]
        self._settle(answer, "draft")

    async def _add(self, office: Person, job: PlannedJob) -> None:
        await self._act("jobs", office, {"title": job.title}, "draft")
        job_id = self._order["jobs"][-1]["id"]
        labor = job.labor | {"mechanic_id": self._car.center.mechanic.user_id}
        await self._act(f"jobs/{job_id}/labor", office, labor, "draft", name="labor")
        if job.product is not None:
            await self._act(f"jobs/{job_id}/products", office, job.product, "draft", name="products")

    def _decisions(self) -> dict[str, Any]:
        decisions = [
            {"job_id": shown["id"], "decision": "authorise" if job.authorised else "decline"}
            for shown, job in zip(self._order["jobs"], self._planned.jobs, strict=True)
        ]
        return {"estimate_version": self._order["estimate"]["version"], "decisions": decisions}

    def _reading(self) -> dict[str, Any]:
        if self._planned.driven is None:
            return {"unreadable_reason": "Приборная панель не горит"}
        return {"odometer": {"value": self._car.drive(self._planned.driven), "unit": "km"}}

    async def _act(self, path: str, person: Person, body: Any, then: str, *, name: str | None = None) -> None:
        self._record.possible = tuple({self._status, then})
        url = f"/v1/work-orders/{self._record.order_id}/{path}"
        self._settle(await self._request(name or path, person, url, body, etag=self._etag), then)

    def _settle(self, answer: Answered, status: str) -> None:
        self._order, self._etag, self._status = answer.body, answer.etag, status
        self._record.possible = (status,)

    async def _request(self, name: str, person: Person, path: str, body: Any, *, etag: str | None) -> Answered:
        step = Step(name, self._history.now())
        self._record.steps.append(step)
        key, began, pause = str(uuid4()), time.monotonic(), _FIRST_PAUSE
        try:
            while True:
                wait = pause
                try:
                    answer = await person.post(path, body, etag=etag, key=key)
                except Refused as refused:
                    step.answers.append(str(refused.status))
                    self._note(step, refused)
                    wait = max(pause, refused.retry_after)
                except StackError as error:
                    step.answers.append(type(error.__cause__).__name__)
                else:
                    step.answers.append("2xx")
                    step.outcome = "ok"
                    return answer
                if time.monotonic() + wait - began > GIVE_UP_AFTER:
                    raise OrderEnds
                await asyncio.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            step.took = time.monotonic() - began

    def _note(self, step: Step, refused: Refused) -> None:
        """Whether it may be tried again; raises OrderEnds when the answer is final."""
        settled = refused.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if refused.status in _NOT_SETTLED or refused.problem.get("type", "").endswith(_IN_FLIGHT):
            return
        trace_id = str(refused.problem.get("trace_id", ""))
        self._history.bad_answers.append(
            BadAnswer(self._record.number, self._record.order_id, step.name, refused.status, trace_id, str(refused))
        )
        if settled:
            step.outcome = self._record.outcome = REFUSED
            self._record.possible = (self._status,) if self._status else ()
            raise OrderEnds
