"""`carpass audit`: the audit log's hash chains."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.stack.running import RunningStack
from cli.stack.state import DEFAULT_STATE_DIR

app = typer.Typer(name="audit", help="The audit log's hash chains.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The audit log's hash chains."""


@app.command()
def verify(
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
) -> None:
    """Walk every chain of the local stack from its first row; names the first row that was touched.

    Compares the signed checkpoints as well, so that rows cut off the end are noticed. Exit code 1 when a
    chain is not whole. Elsewhere: python -m trust audit verify.
    """
    stack = RunningStack.of(state)
    environment = os.environ | {
        "CARPASS_DATABASE_WORKER_URL": stack.databases["trust"].worker_url,
        "CARPASS_AUDIT_SIGNING_KEY_FILE": str(stack.secrets.audit_signing_key_file),
        "CARPASS_AUDIT_CHECKPOINT_DIR": str(stack.state.root / "audit-checkpoints"),
    }
    done = subprocess.run([sys.executable, "-P", "-m", "trust", "audit", "verify"], env=environment, check=False)
    raise typer.Exit(done.returncode)
