"""One request and its answer on their way through the gateway."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from gateway import headers as header_rules
from gateway.cors import Cors
from gateway.headers import Fields, RawHeaders

LOCAL = "(gateway)"
UNROUTED = "(none)"
_NO_TRACE = "0" * 32


class Exchange:
    """What the parts of the gateway know of one request; `send` completes the headers of every answer."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        fields: Fields,
        traceparent: str | None,
        cors: Cors,
        last: bool,
    ) -> None:
        """`fields`: the headers by name; `last`: the process is stopping, so the connection ends with this answer."""
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.headers: RawHeaders = scope["headers"]
        self.fields = fields
        self.traceparent = traceparent
        self.trace_id = _NO_TRACE if traceparent is None else traceparent.split("-")[1]
        self.request_id = header_rules.request_id(fields, self.trace_id)
        self.route = UNROUTED
        self.status = 500
        self.started = False
        self._send = send
        self._cors = cors
        self._last = last

    def header(self, name: bytes) -> str | None:
        """The first value of a header, its name in lower case."""
        value = self.fields.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def origin(self) -> bytes | None:
        """The origin of the page that asks."""
        return self.fields.get(b"origin")

    async def send(self, message: Message) -> None:
        """ASGI's send."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message = {**message, "headers": self._completed(list(message.get("headers", ())))}
        await self._send(message)

    def _completed(self, headers: RawHeaders) -> RawHeaders:
        names = {name for name, _ in headers}
        headers += header_rules.SECURITY
        headers += [
            default for default in (header_rules.NOT_STORED, header_rules.DATA_POLICY) if default[0] not in names
        ]
        headers += self._cors.answer_headers(self.origin)
        headers.append((b"x-request-id", self.request_id))
        headers.append((b"x-trace-id", self.trace_id.encode("ascii")))
        if self._last:  # so that a kept-alive connection is not cut under its next request
            headers.append((b"connection", b"close"))
        return headers
