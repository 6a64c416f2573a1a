"""The HTTP server: the Bot API under /bot<token>/, the control API under /control, the page at /."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiohttp import web

from telegram_double.control import Control, ControlError
from telegram_double.errors import BotApiError
from telegram_double.faults import Fault, Faults
from telegram_double.methods import BotApi, Method
from telegram_double.params import Params, read_params
from telegram_double.store import Store
from telegram_double.updates import Updates, WebhookSender

_TOKEN = re.compile(r"(\d{1,18}):[A-Za-z0-9_-]+")
_SHUTDOWN_SECONDS = 2.0


class Double:
    """Everything behind the routes, for one bot token."""

    def __init__(self, *, token: str, username: str, state: Path | None) -> None:
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValueError("a bot token looks like 123456:letters-and-digits")
        self._token = token
        self.store = Store(state)
        self.updates = Updates(self.store)
        self.faults = Faults()
        self.api = BotApi(self.store, self.updates, bot_id=int(match[1]), username=username)
        self.control = Control(self.store, self.updates, self.faults, self.api.bot)
        self._closing = asyncio.Event()

    def app(self) -> web.Application:
        """The application; it closes the store at its end."""
        app = web.Application(middlewares=[_errors_as_json])
        app.router.add_get("/", _page)
        app.router.add_route("*", "/bot{token}/{method}", self._bot_method)
        app.add_routes(self.control.routes())
        app.on_shutdown.append(self._end_waits)
        app.cleanup_ctx.append(self._lifespan)
        return app

    async def _lifespan(self, _app: web.Application) -> AsyncIterator[None]:
        sender = asyncio.create_task(WebhookSender(self.store, self.updates, self.api.call).run())
        yield
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sender
        self.store.close()

    async def _end_waits(self, _app: web.Application) -> None:
        self._closing.set()
        self.updates.close()
        self.control.close()

    def _checked(self, token: str, name: str) -> Method:
        if not _TOKEN.fullmatch(token):
            raise BotApiError(404, "Not Found")
        if not hmac.compare_digest(token, self._token):
            raise BotApiError(401, "Unauthorized")
        method = self.api.method(name)
        if method is None:
            raise BotApiError(404, "Not Found: method not found")
        return method

    async def _bot_method(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        params = await read_params(request)
        chat_id = _chat_id(params)
        recorded = self.store.add_request(name, chat_id, params.values, dict(request.headers))
        status, fault = None, None
        try:
            method = self._checked(request.match_info["token"], name)
            fault = self.faults.take(name, chat_id)
            result = await self._run(method, params, fault, request)
            status = 200 if result is not _NO_ANSWER else None
        except BotApiError as error:
            status = error.code
            raise
        finally:
            self.store.finish_request(recorded, status, fault.kind if fault else None)
        return web.json_response({"ok": True, "result": None if result is _NO_ANSWER else result})

    async def _run(self, method: Method, params: Params, fault: Fault | None, request: web.Request) -> Any:
        if fault is None:
            return await method(params)
        refusal = fault.error()
        if refusal is not None:
            raise refusal
        if fault.kind == "timeout_after_accept":
            await method(params)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), fault.hold_seconds)
        if request.transport is not None:
            request.transport.abort()
        return _NO_ANSWER


_NO_ANSWER = object()


def _chat_id(params: Params) -> int | None:
    try:
        return params.chat_id()
    except BotApiError:
        return None


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except BotApiError as error:
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return web.json_response(error.body(), status=error.code, headers=headers)
    except ControlError as error:
        return web.json_response({"error": str(error)}, status=error.status)


async def _page(_request: web.Request) -> web.Response:
    page = files("telegram_double").joinpath("page.html").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; style-src {_hash_of(page, 'style')}; script-src {_hash_of(page, 'script')}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return web.Response(text=page, content_type="text/html", headers=headers)


def _hash_of(page: str, tag: str) -> str:
    inline = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@dataclass(frozen=True)
class RunningDouble:
    """A server that listens; `url` is its base, without a slash at the end."""

    url: str
    double: Double


@contextlib.asynccontextmanager
async def serve(
    *, token: str, username: str = "carpass_bot", host: str = "127.0.0.1", port: int = 0, state: Path | None = None
) -> AsyncIterator[RunningDouble]:
    """Listen until the block ends; port 0 takes a free one."""
    double = Double(token=token, username=username, state=state)
    runner = web.AppRunner(double.app(), shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound_host, bound_port = runner.addresses[0][:2]
        shown = f"[{bound_host}]" if ":" in bound_host else bound_host
        yield RunningDouble(url=f"http://{shown}:{bound_port}", double=double)
    finally:
        await runner.cleanup()
