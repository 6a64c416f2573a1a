"""`caller: Caller` in a route's signature: it answers 401 unless a valid access token came with the request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from chassis.auth import Principal
from chassis.http.context import http_context
from chassis.problems import Unauthenticated


class _AccessToken(HTTPBearer):
    """Reads the bearer token, as FastAPI does and documents it, and verifies it in the same step."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # more than the credentials
        credentials = await super().__call__(request)
        if credentials is None:
            raise Unauthenticated("Send an access token as `Authorization: Bearer …`.")
        return await http_context(request).tokens.verify(credentials.credentials)


Caller = Annotated[Principal, Depends(_AccessToken(scheme_name="accessToken", bearerFormat="JWT", auto_error=False))]
