"""`carpass moderator`: who decides on the verification of service centers, and on rival claims to a VIN."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cli.operations.installation import Installation
from cli.services import MODERATED
from cli.stack.state import DEFAULT_STATE_DIR

app = typer.Typer(
    name="moderator", help="Who decides on service centers, and on cars that claim one VIN.", no_args_is_help=True
)

State = Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")]
UserId = Annotated[UUID, typer.Argument(help="As GET /v1/me tells it.")]


@app.command()
def add(user_id: UserId, state: State = DEFAULT_STATE_DIR) -> None:
    """Let a user moderate."""
    _run(state, "add", str(user_id))


@app.command()
def remove(user_id: UserId, state: State = DEFAULT_STATE_DIR) -> None:
    """Let a user moderate no longer."""
    _run(state, "remove", str(user_id))


@app.command(name="list")
def list_moderators(state: State = DEFAULT_STATE_DIR) -> None:
    """Name all moderators."""
    _run(state, "list")


def _run(state: Path, *arguments: str) -> None:
    """Run the command of each service, on the local stack or on the installation that the environment names."""
    databases = Installation.find(state).databases
    raise typer.Exit(run_everywhere({service: databases[service] for service in MODERATED}, *arguments))


def run_everywhere(databases: Mapping[str, str], *arguments: str) -> int:
    """The exit code: 0 only when every service did it. One that fails keeps none of the others from doing it."""
    codes = {service: _run_in(service, url, *arguments) for service, url in databases.items()}
    failed = [service for service, code in codes.items() if code]
    if failed and len(failed) < len(codes):
        done = ", ".join(service for service in codes if service not in failed)
        sys.stderr.write(f"{', '.join(failed)} failed, {done} did it: repeat the command, and it completes the rest.\n")
    return max(codes.values())


def _run_in(service: str, database_url: str, *arguments: str) -> int:
    environment = os.environ | {"CARPASS_DATABASE_WORKER_URL": database_url}
    command = [sys.executable, "-P", "-m", service, "moderator", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    sys.stdout.writelines(f"{service}: {line}\n" for line in done.stdout.splitlines())
    if done.returncode:
        said = (done.stderr.strip() or "without a word").splitlines()
        sys.stderr.write(f"{service}: failed: {said[-1]}\n")
    return done.returncode
