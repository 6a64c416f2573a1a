"""One request and its answer on their way through the gateway."""

from __future__ import annotations

import time
from typing import Final

from opentelemetry.trace import Span
from starlette.types import Message, Receive, Scope, Send

from gateway import headers as header_rules
from gateway.cors import Cors
from gateway.headers import Fields, RawHeaders

LOCAL: Final = "(gateway)"
UNROUTED: Final = "(none)"
_NO_TRACE: Final = "0" * 32


class Exchange:
    """What the parts of the gateway know of one request. `span` is None where nobody will see it."""

    __slots__ = (
        "_cors",
        "_last",
        "_send",
        "began_at",
        "fields",
        "headers",
        "method",
        "path",
        "query",
        "receive",
        "request_id",
        "route",
        "scope",
        "span",
        "started",
        "status",
        "trace_id",
        "traceparent",
    )
    scope: Scope
    receive: Receive
    _send: Send

    def __init__(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: RawHeaders,
        *,
        fields: Fields,
        trace: tuple[str | None, Span | None],
        cors: Cors,
        last: bool,
    ) -> None:
        """`fields`: the headers by name; `last`: the process is stopping, so the connection ends with this answer."""
        self.began_at = time.perf_counter()
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.fields = fields
        self.traceparent, self.span = trace
        self.trace_id = _NO_TRACE if self.traceparent is None else self.traceparent[3:35]
        self.request_id = header_rules.request_id(self.fields, self.trace_id)
        self.route = UNROUTED
        self.status = 500
        self.started = False
        self._cors = cors
        self._last = last

    def bind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Says whom it is answered through."""
        self.scope = scope
        self.receive = receive
        self._send = send

    def header(self, name: bytes) -> str | None:
        """The first value of a header, its name in lower case."""
        value = self.fields.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def origin(self) -> bytes | None:
        """The origin of the page that asks."""
        return self.fields.get(b"origin")

    async def send(self, message: Message) -> None:
        """ASGI's send; it completes the headers of every answer."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message = {**message, "headers": self.completed(list(message.get("headers", ())))}
        await self._send(message)

    def completed(self, headers: RawHeaders) -> RawHeaders:
        """An answer's headers with what the gateway adds to every answer."""
        names = {name for name, _ in headers}
        headers += header_rules.SECURITY
        headers += [default for default in header_rules.DEFAULTS if default[0] not in names]
        headers += self._cors.answer_headers(self.fields.get(b"origin"))
        headers += ((b"x-request-id", self.request_id), (b"x-trace-id", self.trace_id.encode("ascii")))
        if self._last:  # so that a kept-alive connection is not cut under its next request
            headers.append((b"connection", b"close"))
        return headers
