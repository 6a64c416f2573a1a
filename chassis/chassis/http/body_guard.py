"""Before any route: bodies are bounded and strict JSON, and the URL holds nothing that a database would choke on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import strict_json
from chassis.problems import BadRequest, NotFound, Problem, TooLarge, UnsupportedMediaType

MAX_PATH_BYTES = 2048
MAX_QUERY_BYTES = 8192
NO_UPLOADS: Final[Mapping[str, int]] = MappingProxyType({})
_ANNOUNCE_BODY = frozenset({b"content-length", b"transfer-encoding"})


class BodyGuard:
    """Reads the whole body, checks it, and hands it on; whoever asks next gets it from memory."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, uploads: Mapping[str, int] = NO_UPLOADS) -> None:
        """`uploads`: paths that take files of any kind, which their routes check, with the most bytes of one."""
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on what passes; raises a Problem for what does not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _check_url(scope)
        if _ANNOUNCE_BODY.isdisjoint(name for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self._uploads.get(scope["path"])
        body = await self._read(headers, receive, self._max_body_bytes if limit is None else limit)
        if body is None:
            return  # the client has gone
        if body and limit is None:
            _check_content_type(headers)
            strict_json.check(body)
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive, limit: int) -> bytes | None:
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > limit:
            raise _too_large(limit)
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise _too_large(limit)
            if not message.get("more_body", False):
                return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return TooLarge(f"A body may have at most {limit} bytes.")


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = True

    async def replayed() -> Message:
        nonlocal pending
        if pending:
            pending = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replayed


def _check_url(scope: Scope) -> None:
    path: str = scope["path"]
    if "\0" in path or len(path) > MAX_PATH_BYTES:
        raise NotFound
    query: bytes = scope["query_string"]
    if not query:
        return
    if len(query) > MAX_QUERY_BYTES:
        raise Problem("The query is too long.", status=414, slug="uri-too-long", title="URI too long")
    if b"%" not in query and query.isascii() and b"\0" not in query:
        return  # as nearly always
    try:
        decoded = unquote_to_bytes(query).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The query is not UTF-8.", slug="bad-query") from error
    if "\0" in decoded:
        raise BadRequest("The query contains NUL.", slug="bad-query")


def _check_content_type(headers: Headers) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise UnsupportedMediaType
