"""A car's timeline by hand: FastAPI, one asyncpg statement, the page as JSON made by PostgreSQL.

It verifies and remembers tokens, and lets only the car's owner see it, as the product does; it has no logs, metrics
or traces, no strict JSON, and no errors to speak of. Started as `python -m bench.baselines.timeline`.
"""

from __future__ import annotations

import base64
import gc
import os
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI, Header, HTTPException, Query, Request, Response

from bench.baselines.pooled import pooled

_PAGE: Final = """
WITH page AS (
    SELECT id, occurred_at, kind, center_id, work_order_id, details,
           row_number() OVER (ORDER BY occurred_at DESC, id DESC) AS place
    FROM engagement_event
    WHERE car_id = $1 AND ($3::timestamptz IS NULL OR (occurred_at, id) < ($3, $4))
    ORDER BY occurred_at DESC, id DESC
    LIMIT $5 + 1
)
SELECT json_build_object(
    'data', coalesce(json_agg(json_build_object(
        'id', id, 'occurred_at', occurred_at, 'kind', kind,
        'center_id', center_id, 'work_order_id', work_order_id, 'details', details
    ) ORDER BY place) FILTER (WHERE place <= $5), '[]'),
    'next_cursor', CASE WHEN count(*) > $5 THEN max(concat(occurred_at, '|', id)) FILTER (WHERE place = $5) END,
    'has_more', count(*) > $5
)::text
FROM page
WHERE EXISTS (SELECT FROM car WHERE car_id = $1 AND owner_id = $2)
"""


class Tokens:
    """Verifies a token once, and believes it until it ends."""

    def __init__(self, public_key: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._users: dict[str, UUID] = {}

    def user(self, authorization: str) -> UUID:
        """Whose it is; 401 for nobody's."""
        token = authorization.removeprefix("Bearer ")
        user = self._users.get(token)
        if user is None:
            try:
                claims = jwt.decode(token, self._key, algorithms=["EdDSA"], audience="carpass", issuer="carpass")
            except jwt.PyJWTError as error:
                raise HTTPException(401) from error
            user = self._users[token] = UUID(claims["sub"])
        return user


def application(database_url: str, public_key: bytes) -> FastAPI:
    """The application."""
    app = FastAPI(lifespan=pooled(database_url), openapi_url=None)
    tokens = Tokens(public_key)

    @app.get("/livez")
    async def livez() -> Response:
        return Response("{}")

    @app.get("/v1/cars/{car_id}/timeline")
    async def timeline(
        request: Request,
        car_id: UUID,
        authorization: Annotated[str, Header()],
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query()] = None,
    ) -> Response:
        at, row_id = _position(cursor)
        page = await request.app.state.pool.fetchval(_PAGE, car_id, tokens.user(authorization), at, row_id, limit)
        return Response(page, media_type="application/json")

    return app


def _position(cursor: str | None) -> tuple[datetime | None, UUID | None]:
    if cursor is None:
        return None, None
    at, _, row_id = cursor.partition("|")
    return datetime.fromisoformat(at), UUID(row_id)


if __name__ == "__main__":
    served = application(os.environ["DATABASE_URL"], base64.b64decode(os.environ["PUBLIC_KEY"]))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvicorn.run(
        served,
        port=int(os.environ["CARPASS_HTTP_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
