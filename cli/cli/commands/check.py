"""`carpass check`: everything that CI looks at besides the tests."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.display import part_line
from cli.stack.state import REPOSITORY

app = typer.Typer()

_PYTHON = [sys.executable, "-m"]
_CHECKS = {
    "lint": [*_PYTHON, "ruff", "check", "--quiet", "."],
    "format": [*_PYTHON, "ruff", "format", "--check", "--quiet", "."],
    "types": [*_PYTHON, "mypy", "."],
    "layers": [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"],
    "documents": [*_PYTHON, "cli", "documents", "--check"],
}


@app.command()
def check(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(_CHECKS)}; may be repeated.")] = None,
) -> None:
    """Run all checks, show what each of the failed ones says, and fail when one did."""
    wanted = only or list(_CHECKS)
    unknown = sorted(set(wanted) - set(_CHECKS))
    if unknown:
        raise typer.BadParameter(f"no such check: {', '.join(unknown)}; there are {', '.join(_CHECKS)}")
    failed = [name for name in wanted if not _passes(name)]
    if failed:
        raise typer.Exit(1)


def _passes(name: str) -> bool:
    began = time.monotonic()
    result = subprocess.run(
        _CHECKS[name], cwd=REPOSITORY, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    passed = result.returncode == 0
    typer.echo(part_line(name, "passed" if passed else "failed", time.monotonic() - began))
    if not passed:
        typer.echo(result.stdout)
    return passed
