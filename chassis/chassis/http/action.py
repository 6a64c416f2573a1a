"""`action: Action` in the signature of a route that changes something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from chassis import progress
from chassis.auth import Principal
from chassis.db import Transaction
from chassis.http.answer import Answer, RenderedAnswer
from chassis.http.caller import Caller
from chassis.http.context import HttpContext, http_context
from chassis.http.etag import parse_if_match
from chassis.idempotency import KeptMeanwhile, Scope, StoredAnswer, first_answer, keep_answer, scope_of
from chassis.problems import BadRequest

IDEMPOTENCY_KEY = "Idempotency-Key"
IF_MATCH = "If-Match"


class Acting:
    """One acting request: idempotent, in one transaction, committed before it is answered."""

    def __init__(self, context: HttpContext, request: Request, caller: Principal, body: bytes) -> None:
        self.caller = caller
        self._context = context
        self._request = request
        self._body = body

    @property
    def expected_version(self) -> int:
        """The version in If-Match. Read it inside the use case, so that a replay is found before it is looked at.

        Raises PreconditionRequired (428) or BadRequest (400).
        """
        return parse_if_match(self._request.headers.getlist(IF_MATCH))

    async def run[T](self, use_case: Callable[[Transaction], Awaitable[T]], answer: Callable[[T], Answer]) -> Response:
        """Runs the use case in a transaction under the caller's row-level security, commits it, then answers.

        With an Idempotency-Key (a POST must have one) the first success is stored in the same transaction, and
        replayed to whoever repeats the request.
        """
        scope = self._scope()

        async def attempt() -> Response:
            try:
                return await self._attempt(scope, use_case, answer)
            except KeptMeanwhile:
                return await self._attempt(scope, use_case, answer)

        return await self._context.patience.attempt(attempt, lagging=self._lagging)

    async def _attempt[T](
        self,
        scope: Scope | None,
        use_case: Callable[[Transaction], Awaitable[T]],
        answer: Callable[[T], Answer],
    ) -> Response:
        async with self._context.database.transaction(user_id=self.caller.user_id) as tx:
            if scope is not None and (first := await first_answer(tx, scope)) is not None:
                return RenderedAnswer(first.status, first.headers, first.body).response(replayed=True)
            rendered = answer(await self._told(use_case(tx))).rendered()
            if scope is not None and rendered.is_success:
                await keep_answer(tx, scope, StoredAnswer(rendered.status, rendered.headers, rendered.stored))
        return rendered.response()

    async def _told[T](self, outcome: Awaitable[T]) -> T:
        """The outcome; a domain error that a read model caused becomes its problem, the only thing patience knows."""
        try:
            return await outcome
        except Exception as error:
            kind = self._context.kind_of(error)
            if kind is None or not kind.read_model:
                raise
            raise kind.problem(error) from error

    async def _lagging(self) -> bool:
        async with self._context.database.transaction() as tx:
            patience = timedelta(seconds=self._context.settings.read_model_patience)
            return await progress.lagging(tx, beyond=patience)

    def _scope(self) -> Scope | None:
        keys = self._request.headers.getlist(IDEMPOTENCY_KEY)
        if not keys and self._request.method != "POST":
            return None
        if len(keys) != 1:
            raise BadRequest("Send one Idempotency-Key with this request.", slug="idempotency-key-required")
        return scope_of(
            principal=self.caller.user_id,
            method=self._request.method,
            path=self._request.url.path,
            key=keys[0],
            body=self._body,
        )


_Key = Annotated[
    str | None,
    Header(alias=IDEMPOTENCY_KEY, description="Repeating a request with its key repeats its answer only."),
]
_Version = Annotated[str | None, Header(alias=IF_MATCH, description="The ETag of the version that is being changed.")]


async def acting(request: Request, caller: Caller, _idempotency_key: _Key = None) -> Acting:
    """The dependency behind `Action`; the headers are declared for the documentation and read from the request."""
    return Acting(http_context(request), request, caller, await request.body())


async def editing(
    request: Request, caller: Caller, _idempotency_key: _Key = None, _if_match: _Version = None
) -> Acting:
    """The dependency behind `VersionedAction`."""
    return Acting(http_context(request), request, caller, await request.body())


Action = Annotated[Acting, Depends(acting)]
"""For what creates or acts whatever the version."""

VersionedAction = Annotated[Acting, Depends(editing)]
"""For what changes the version that the caller has seen: reads `expected_version`, so If-Match is required."""
