"""`carpass test`: the test suite on real PostgreSQL and real Kafka."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from cli.errors import StackError
from cli.stack.state import REPOSITORY

app = typer.Typer()

DOCKER = "CARPASS_TEST_DOCKER"
"""Set where the suite's servers are containers."""

_WORKERS = 2
_ENGINE_DEADLINE = 20.0


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(
    context: typer.Context,
    *,
    docker: Annotated[
        bool, typer.Option("--docker", help="On the images of docker-compose.yml, and docker-compose.yml as well.")
    ] = False,  # noqa: PT028 -- the command, no test function
) -> None:
    """Run the tests; whatever follows is pytest's, for example `tests/unit/cli -k port -n 0`.

    With --docker PostgreSQL and Kafka are containers, by testcontainers, of the engine that DOCKER_HOST or the docker
    command's context names; and tests/containers runs, which is left out otherwise: the images, and the demo on
    `docker compose up`. Tests that kill or stop a server keep embedded ones, and so do the end-to-end tests.
    """
    if docker:
        require_engine()
        os.environ[DOCKER] = "1"
    command = [sys.executable, "-m", "pytest", "-n", str(_WORKERS), *context.args]
    os.chdir(REPOSITORY)
    os.execv(command[0], command)  # noqa: S606 -- pytest takes this process's place, so signals are its own


def require_engine() -> None:
    """Raise StackError when no Docker engine with compose answers."""
    asked = (["docker", "version", "--format", "{{.Server.Version}}"], ["docker", "compose", "version"])
    try:
        for command in asked:
            subprocess.run(command, capture_output=True, text=True, timeout=_ENGINE_DEADLINE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
        raise StackError(
            f"--docker needs a Docker engine and `docker compose`, and they do not answer ({told}): "
            "start the engine, or name it by DOCKER_HOST; without --docker the tests need neither."
        ) from error
