"""`carpass moderator`: who decides on the verification of service centers."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.operations.installation import Installation
from cli.stack.state import DEFAULT_STATE_DIR

app = typer.Typer(name="moderator", help="Who decides on the verification of service centers.", no_args_is_help=True)

State = Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")]
UserId = Annotated[str, typer.Argument(help="As GET /v1/me tells it.")]


@app.command()
def add(user_id: UserId, state: State = DEFAULT_STATE_DIR) -> None:
    """Let a user moderate."""
    _run(state, "add", user_id)


@app.command()
def remove(user_id: UserId, state: State = DEFAULT_STATE_DIR) -> None:
    """Let a user moderate no longer."""
    _run(state, "remove", user_id)


@app.command(name="list")
def list_moderators(state: State = DEFAULT_STATE_DIR) -> None:
    """Name all moderators."""
    _run(state, "list")


def _run(state: Path, *arguments: str) -> None:
    """Run the command of sto itself, on the local stack or on the installation that the environment names."""
    environment = os.environ | {"CARPASS_DATABASE_WORKER_URL": Installation.find(state).databases["sto"]}
    command = [sys.executable, "-P", "-m", "sto", "moderator", *arguments]
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
