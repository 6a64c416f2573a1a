"""`carpass bench`: the product beside honest hand-written code, on PostgreSQL and Kafka of its own."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import StackError
from cli.stack.state import REPOSITORY

app = typer.Typer()


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A benchmark, `all` of them, or `list` to see them.")],
    rounds: Annotated[int, typer.Option(help="Baseline and product in turns, so many times.")] = 5,
    json: Annotated[Path | None, typer.Option(help="Write every round's figures to this file.")] = None,
    *,
    quick: Annotated[bool, typer.Option(help="One small round: does it work? Its figures mean nothing.")] = False,
) -> None:
    """Measure. Exit code 1: a figure is not good enough; 3: a run is invalid. See docs/performance.md.

    Examples: `carpass bench list`, `carpass bench relay --rounds 3`, `carpass bench all --json out.json`
    """
    if not (REPOSITORY / "bench" / "__main__.py").exists():
        raise StackError("The benchmarks are part of the source tree: run ./carpass bench in a checkout.")
    options = ["--rounds", str(rounds), *(["--json", str(json)] if json else []), *(["--quick"] if quick else [])]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-P", "-m", "bench", name, *options]
    os.execve(command[0], command, environment)  # noqa: S606 -- it takes this process's place: signals are its own
