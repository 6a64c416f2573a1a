"""Every error as problem+json (RFC 9457) with the trace id, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from chassis.problems import (
    TYPE_PREFIX,
    BadRequest,
    FieldError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    ProblemKind,
    TooLarge,
)
from chassis.telemetry import current_trace_id

PROBLEM_JSON = "application/problem+json"

_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
}


def problem_response(problem: Problem) -> Response:
    """The problem as a response."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.slug,
        "title": problem.title,
        "status": problem.status,
    }
    if problem.detail is not None:
        body["detail"] = problem.detail
    body["errors"] = [
        {"pointer": error.pointer, "message": error.message, "code": error.code} for error in problem.errors
    ]
    body["trace_id"] = current_trace_id()
    return Response(
        orjson.dumps(body),
        status_code=problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        media_type=PROBLEM_JSON,
    )


def problem_from_http(error: HTTPException) -> Problem:
    """Starlette's own errors: no such route, no such method, an unreadable body."""
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        return Problem(status=error.status_code, slug="http-error", title=str(error.detail))
    return kind(headers=error.headers)


def problem_from_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Pydantic's findings, without the values that were sent; a malformed id in the path names nothing: 404."""
    if any(error["loc"][:1] == ("path",) for error in errors):
        return NotFound()
    return Invalid(
        "The request breaks the rules below.",
        errors=[FieldError(_pointer(error["loc"]), error["msg"], error["type"]) for error in errors],
    )


def _pointer(location: Sequence[str | int]) -> str:
    where, *path = location
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in path]
    if where == "body":
        return "".join(f"/{part}" for part in parts)
    return "/".join([str(where), *parts])


def register_problem_handlers(app: FastAPI) -> None:
    """Renders Problem, Starlette's errors and validation errors."""

    async def on_problem(_: Request, error: Problem) -> Response:
        return problem_response(error)

    async def on_http_error(_: Request, error: HTTPException) -> Response:
        return problem_response(problem_from_http(error))

    async def on_validation_error(_: Request, error: RequestValidationError) -> Response:
        return problem_response(problem_from_validation(error.errors()))

    _register(app, Problem, on_problem)
    _register(app, HTTPException, on_http_error)
    _register(app, RequestValidationError, on_validation_error)


def register_domain_errors(app: FastAPI, kinds: Mapping[type[Exception], ProblemKind]) -> None:
    """Renders a service's domain errors; a subclass is told like its nearest listed ancestor."""

    def handler_of(kind: ProblemKind) -> Callable[[Request, Exception], Any]:
        async def on_domain_error(_: Request, error: Exception) -> Response:
            return problem_response(kind.problem(error))

        return on_domain_error

    for error_type, kind in kinds.items():
        _register(app, error_type, handler_of(kind))


def _register(app: FastAPI, error_type: type[Exception], handler: Callable[..., Any]) -> None:
    app.add_exception_handler(error_type, handler)
