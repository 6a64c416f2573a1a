"""What FastAPI resolves for a request runs in the event loop: a plain function would take a hop through threads."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.db import Database
from cli.services import load_service
from cli.stack.plan import SERVICES


def called(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from called(each)


def runs_in_the_loop(call: Any) -> bool:
    candidates = (call, getattr(call, "__call__", None))  # noqa: B004 - an object that is called, with what it calls
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in candidates)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_route_and_no_dependency_of_one_runs_in_a_thread(service: str) -> None:
    database = Database("postgresql://nobody@localhost/none", pool_size=1, application_name="test")
    app = load_service(service).build_app(database)
    calls = {call for route in app.routes if isinstance(route, APIRoute) for call in called(route.dependant)}
    await database.dispose()
    assert len(calls) > len(app.routes) // 2
    assert [call for call in calls if not runs_in_the_loop(call)] == []


def test_a_plain_function_would_be_found() -> None:
    assert not runs_in_the_loop(lambda: None)
