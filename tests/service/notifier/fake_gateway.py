"""The gateway's routes that the bot uses, with the rules of the services behind it; calls can be made to fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import jwt
from aiohttp import web

CREDENTIAL = "the-notifiers-credential"


@dataclass
class Order:
    """A work order whose estimate waits for its owner."""

    version: int
    estimate_version: int
    jobs: dict[str, str]
    """Job id to sent | authorised | declined."""


@dataclass
class FakeGateway:
    url: str = ""
    accounts: dict[int, UUID] = field(default_factory=dict)
    """Telegram id to the user who signs in with it."""
    orders: dict[str, Order] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Link id to requested | approved | declined."""
    away: bool = False
    changes_before_act: int = 0
    """How many times an order is changed by somebody else between a look and an act."""
    acts: list[tuple[str, str, Any]] = field(default_factory=list)
    """Path, acting user and body of what was really done, once each."""
    forget_answer: bool = False
    """The next act happens, and its answer is lost."""
    traces: set[str] = field(default_factory=set)
    _answers: dict[str, tuple[Any, dict[str, Any]]] = field(default_factory=dict)

    @asynccontextmanager
    async def served(self) -> AsyncIterator["FakeGateway"]:
        app = web.Application(middlewares=[self._maybe_away])
        app.router.add_post("/v1/auth/bot", self._sign_in)
        app.router.add_get("/v1/work-orders/{id}", self._order)
        app.router.add_post("/v1/work-orders/{id}/approval", self._approval)
        app.router.add_post("/v1/car-links/{id}/{act}", self._link)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    @web.middleware
    async def _maybe_away(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.away:
            return web.json_response({"type": "urn:carpass:problem:unavailable"}, status=503)
        self.traces.add(request.headers.get("traceparent", "none")[3:35])
        answer: web.StreamResponse = await handler(request)
        if self.forget_answer and request.method == "POST" and request.path != "/v1/auth/bot":
            self.forget_answer = False
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return answer

    async def _sign_in(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {CREDENTIAL}":
            return _problem(401, "unauthenticated")
        body = await request.json()
        user_id = self.accounts.get(body["telegram_id"])
        if user_id is None:
            return _problem(404, "not-found")
        token = jwt.encode({"sub": str(user_id)}, "a key that nobody checks here, long enough", algorithm="HS256")
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": 300})

    async def _order(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        if order is None:
            return _problem(404, "not-found")
        etag = f'"{order.version}"'
        if self.changes_before_act:
            self.changes_before_act -= 1
            order.version += 1
        return web.json_response({"status": "awaiting_approval"}, headers={"ETag": etag})

    async def _approval(self, request: web.Request) -> web.Response:
        body = await request.json()
        replay = self._replay(request, body)
        if replay is not None:
            return replay
        order = self.orders[request.match_info["id"]]
        if request.headers.get("If-Match") != f'"{order.version}"':
            return _problem(412, "stale-version")
        if body["estimate_version"] != order.estimate_version:
            return _problem(409, "stale-estimate")
        if any(order.jobs.get(each["job_id"]) != "sent" for each in body["decisions"]):
            return _problem(409, "job-decided")
        states = {"authorise": "authorised", "decline": "declined"}
        order.jobs |= {each["job_id"]: states[each["decision"]] for each in body["decisions"]}
        order.version += 1
        return self._act(request, body, {"status": "approved"})

    async def _link(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        replay = self._replay(request, body)
        if replay is not None:
            return replay
        link_id, act = request.match_info["id"], request.match_info["act"]
        if link_id not in self.links:
            return _problem(404, "not-found")
        if self.links[link_id] == "center suspended":
            return _problem(409, "center-not-approved")
        if self.links[link_id] != "requested":
            return _problem(409, "link-state")
        self.links[link_id] = {"approval": "approved", "decline": "declined"}[act]
        return self._act(request, body, {"status": self.links[link_id]})

    def _replay(self, request: web.Request, body: Any) -> web.Response | None:
        stored = self._answers.get(request.headers["Idempotency-Key"])
        if stored is None:
            return None
        return web.json_response(stored[1]) if stored[0] == body else _problem(422, "idempotency-key-reused")

    def _act(self, request: web.Request, body: Any, answer: dict[str, Any]) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        user = jwt.decode(token, options={"verify_signature": False})["sub"]
        self.acts.append((request.path, user, body))
        self._answers[request.headers["Idempotency-Key"]] = (body, answer)
        return web.json_response(answer)


def _problem(status: int, slug: str) -> web.Response:
    body = {"type": f"urn:carpass:problem:{slug}", "title": slug, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")
