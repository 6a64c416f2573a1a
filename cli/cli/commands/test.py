"""`carpass test`: the test suite on real PostgreSQL and real Kafka."""

import os
import sys

import typer

from cli.stack.state import REPOSITORY

app = typer.Typer()

_WORKERS = 2


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run the tests; whatever follows is pytest's, for example `tests/unit/cli -k port -n 0`."""
    command = [sys.executable, "-m", "pytest", "-n", str(_WORKERS), *context.args]
    os.chdir(REPOSITORY)
    os.execv(command[0], command)  # noqa: S606 -- pytest takes this process's place, so signals are its own
