"""`carpass down`: end a running stack, or what a crashed one left."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from cli.display import ProgressLines
from cli.errors import StackError
from cli.processes import ManagedProcess
from cli.stack.leftovers import end_recorded_parts
from cli.stack.state import DEFAULT_STATE_DIR, StateDir

app = typer.Typer()

_ORDERLY_END = 90.0


@app.command()
def down(
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
) -> None:
    """End the stack, also after a crash of `up`; the data stay."""
    lines = ProgressLines()
    folder = StateDir(state)
    if not folder.root.exists():
        lines.say(f"Nothing is running: there is no folder {folder.root}.")
        return
    asked = _ask_supervisor(folder, lines)
    with folder.locked():
        ended = end_recorded_parts(folder, lines)
        folder.forget_running()
    lines.say("The stack has ended." if asked or ended else f"Nothing was running in {folder.root}.")


def _ask_supervisor(folder: StateDir, lines: ProgressLines) -> bool:
    """Have the running `up` end everything; false when there is none."""
    identity = folder.supervisor()
    if identity is None:
        return False
    if identity.process() is None:
        stranger = identity.successor()
        if stranger:
            lines.say(f"Process {identity.pid} was the stack's and is another program now ({stranger}): left alone.")
        return False
    process = ManagedProcess(identity)
    process.send(signal.SIGTERM)
    if not process.wait(_ORDERLY_END):
        raise StackError(
            f"Process {identity.pid}, which runs the stack, did not end within {_ORDERLY_END:.0f} s; "
            f"end it with `kill -9 {identity.pid}` and run this command again."
        )
    return True
