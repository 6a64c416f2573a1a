"""`carpass logs`: what a part wrote."""

import sys
import time
from collections import deque
from pathlib import Path
from typing import IO, Annotated

import typer

from cli.errors import StackError
from cli.stack.state import DEFAULT_STATE_DIR, StateDir

app = typer.Typer()

_POLL = 0.2


@app.command()
def logs(
    part: Annotated[str, typer.Argument(help="A service, gateway, telegram, kafka or postgres.")],
    lines: Annotated[int, typer.Option(help="How many of the last lines to show.", min=0)] = 100,
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what comes.")] = False,
) -> None:
    """Print the log of a part; a service's name stands for all its processes."""
    folder = StateDir(state)
    files = [folder.log(part)] if folder.log(part).exists() else sorted(folder.logs.glob(f"{part}-*.log"))
    if not files:
        known = ", ".join(sorted(file.stem for file in folder.logs.glob("*.log"))) or "none yet"
        raise StackError(f"There is no log of {part} in {folder.logs}; logs are: {known}.")
    for file in files:
        with file.open(errors="replace") as opened:
            sys.stdout.writelines(deque(opened, maxlen=lines))
    if follow:
        _follow(files)


def _follow(files: list[Path]) -> None:
    opened = {file: _at_end(file) for file in files}
    try:
        while True:
            for file, stream in opened.items():
                sys.stdout.writelines(stream)
                if file.exists() and file.stat().st_size < stream.tell():
                    opened[file] = file.open(errors="replace")  # it was rotated
            sys.stdout.flush()
            time.sleep(_POLL)
    except KeyboardInterrupt:
        return


def _at_end(file: Path) -> IO[str]:
    stream = file.open(errors="replace")
    stream.seek(0, 2)
    return stream
