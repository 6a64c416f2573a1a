"""`caller: Caller` in a route's signature: it answers 401 unless a valid access token came with the request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis.auth import Principal
from chassis.http.context import http_context
from chassis.problems import Unauthenticated

_bearer = HTTPBearer(scheme_name="accessToken", bearerFormat="JWT", auto_error=False)


async def authenticated(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """The verified caller."""
    if credentials is None:
        raise Unauthenticated("Send an access token as `Authorization: Bearer …`.")
    return await http_context(request).tokens.verify(credentials.credentials)


Caller = Annotated[Principal, Depends(authenticated)]
