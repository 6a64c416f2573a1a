"""OpenAPI 3.1, with what every operation here has in common: problem responses and the two acting headers."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from chassis.http.action import IDEMPOTENCY_KEY, IF_MATCH
from chassis.http.errors import PROBLEM_JSON

OPENAPI_VERSION = "3.1.0"
_METHODS = ("get", "post", "put", "patch", "delete")

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `type` is stable: branch on it.",
    "required": ["type", "title", "status", "errors", "trace_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:carpass:problem:not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message", "code"],
                "properties": {
                    "pointer": {"type": "string"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
        "trace_id": {"type": "string"},
    },
}

_ALWAYS = {"400": "Cannot be understood.", "422": "A value breaks a rule.", "503": "Try again in a moment."}
_WITH_CALLER = {"401": "No valid access token.", "403": "Not in your role."}
_WITH_BODY = {"413": "The body is too large.", "415": "The body is not JSON."}
_ACTING = {"409": "Not in the resource's present state."}
_EDITING = {"412": "Changed meanwhile.", "428": "If-Match is missing."}


def operation_id(route: APIRoute) -> str:
    """The name of the route's function: stable for generated clients."""
    return route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The application's OpenAPI document."""
    described = get_openapi(title=app.title, version=app.version, openapi_version=OPENAPI_VERSION, routes=app.routes)
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for path, operations in described.get("paths", {}).items():
        for method in _METHODS:
            if method in operations:
                _complete(operations[method], path, method)
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape of an error, never sent
        schemas.pop(unused, None)
    return described


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    parameters = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
    if IDEMPOTENCY_KEY in parameters:
        parameters[IDEMPOTENCY_KEY]["required"] = method == "post"
        parameters[IDEMPOTENCY_KEY]["schema"] = {"type": "string", "minLength": 1, "maxLength": 255}
    if IF_MATCH in parameters:
        parameters[IF_MATCH]["required"] = True
        parameters[IF_MATCH]["schema"] = {"type": "string", "pattern": '^"[0-9]+"$'}
    for status, description in _problems(operation, path, parameters).items():
        content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation["responses"][status] = {"description": description, "content": content}
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _problems(operation: dict[str, Any], path: str, parameters: dict[str, Any]) -> dict[str, str]:
    problems = dict(_ALWAYS)
    if "security" in operation:
        problems |= _WITH_CALLER
    if "{" in path or IDEMPOTENCY_KEY in parameters:
        problems |= {"404": "Missing, or not yours to see."}
    if "requestBody" in operation:
        problems |= _WITH_BODY
    if IDEMPOTENCY_KEY in parameters:
        problems |= _ACTING
    if IF_MATCH in parameters:
        problems |= _EDITING
    return problems
