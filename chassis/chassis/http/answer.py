from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Response
from pydantic import BaseModel

from chassis.http.etag import etag

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A success, before it becomes bytes: what is stored for a replay and what is sent are one and the same.

    `body` may be ready JSON bytes; `version` becomes the ETag. A body that tells a secret which must not be stored
    comes with the `replay` that is stored in its place.
    """

    status: int
    body: BaseModel | bytes | None = None
    version: int | None = None
    location: str | None = None
    replay: BaseModel | None = None

    def rendered(self) -> RenderedAnswer:
        """Status, headers and bytes."""
        headers: dict[str, str] = {}
        if self.version is not None:
            headers["ETag"] = etag(self.version)
        if self.location is not None:
            headers["Location"] = self.location
        body = _bytes(self.body)
        return RenderedAnswer(self.status, headers, body, body if self.replay is None else _bytes(self.replay))

    def response(self) -> Response:
        """The same as a response, for reads that send an ETag."""
        return self.rendered().response()


@dataclass(frozen=True, slots=True)
class RenderedAnswer:
    """An answer as bytes: what is sent now, and what is stored for a replay."""

    status: int
    headers: dict[str, str]
    body: bytes
    stored: bytes = b""

    @property
    def is_success(self) -> bool:
        """2xx: the only answers that are kept."""
        return HTTPStatus(self.status).is_success

    def response(self, *, replayed: bool = False) -> Response:
        """What the client gets; a replay says so in a header."""
        headers = {**self.headers, "Idempotency-Replayed": "true"} if replayed else self.headers
        media_type = JSON if self.body else None
        return Response(self.body, status_code=self.status, headers=headers, media_type=media_type)


def _bytes(body: BaseModel | bytes | None) -> bytes:
    return body.model_dump_json().encode() if isinstance(body, BaseModel) else body or b""
