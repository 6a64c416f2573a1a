"""`carpass demo` on stand-ins and with a visit that never ends, for tests of what signals do to it."""

import asyncio
from typing import NoReturn

import pytest
import typer

from cli.app import main
from cli.commands import demo
from tests.unit.cli import standins


async def _endless_visit(*_: object, **__: object) -> NoReturn:
    typer.echo("The visit goes on.")
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


if __name__ == "__main__":
    patch = pytest.MonkeyPatch()
    standins.install(patch)
    patch.setattr(demo, "_perform", _endless_visit)
    main()
