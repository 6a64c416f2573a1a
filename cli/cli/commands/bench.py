"""`carpass bench`: the product beside honest hand-written code, on PostgreSQL and Kafka of its own."""

import os
import sys

import typer

from cli.errors import StackError
from cli.stack.state import REPOSITORY

app = typer.Typer()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def bench(context: typer.Context) -> None:
    """Run one benchmark, `all`, or `list` them; `--rounds 5`, `--json FILE`, `--quick` (see docs/performance.md)."""
    if not (REPOSITORY / "bench" / "__main__.py").exists():
        raise StackError("The benchmarks are in the source tree only; run `./carpass bench` in a checkout.")
    folder = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    os.environ["PYTHONPATH"] = folder
    # It takes this process's place, in the caller's folder: signals are its own, and FILE means what was typed.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "bench", *context.args])  # noqa: S606
