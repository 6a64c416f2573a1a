"""How the commands write what happens to the parts of a stack."""

import threading

import typer

from cli.stack.reporting import Progress

_COLOURS = {
    "ready": typer.colors.GREEN,
    "ready again": typer.colors.GREEN,
    "ended": None,
    "running": typer.colors.GREEN,
    "passed": typer.colors.GREEN,
}
_NAME_WIDTH = 18
_STATE_WIDTH = 12


class ProgressLines:
    """One line for each thing that happens; parts start at the same time, so lines come from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        """Print one line."""
        with self._lock:
            typer.echo(part_line(progress.part, progress.state, progress.seconds, progress.detail))

    def say(self, sentence: str) -> None:
        """A line about the whole."""
        with self._lock:
            typer.echo(sentence)


def part_line(part: str, state: str, seconds: float | None = None, detail: str = "") -> str:
    """A part's name and state in columns; anything but a good state is coloured as a warning."""
    coloured = typer.style(state.ljust(_STATE_WIDTH), fg=_COLOURS.get(state, typer.colors.YELLOW))
    time = f"{seconds:6.1f} s" if seconds is not None else " " * 8
    return f"  {part.ljust(_NAME_WIDTH)}{coloured}{time}  {detail}".rstrip()
