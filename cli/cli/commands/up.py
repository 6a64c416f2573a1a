"""`carpass up`: run the whole local stack until Ctrl-C."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from cli.display import ProgressLines
from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.stack.stack import Stack

app = typer.Typer()

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _StopRequested(BaseException):
    """Raised in the main thread by the first signal; only `up` catches it."""


@app.command()
def up(
    port: Annotated[int, typer.Option(help="The port of the gateway.", min=1, max=65535)] = 8080,
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove the data of earlier runs first.")] = False,
    split: Annotated[
        bool, typer.Option("--split", help="Run api, worker and relay of a service as three processes.")
    ] = False,
) -> None:
    """Start everything, or resume it with its data, and run it until Ctrl-C."""
    from cli.stack.stack import TICK, Stack  # noqa: PLC0415 -- slow to import, and help must be fast

    lines = ProgressLines()
    stack = Stack(state, gateway_port=port, split=split, report=lines)
    began = time.monotonic()
    for number in _ENDING_SIGNALS:
        signal.signal(number, _request_stop)
    try:
        stack.start(fresh=fresh)
        lines.say(_summary(stack, time.monotonic() - began))
        while True:
            stack.tick()
            time.sleep(TICK)
    except _StopRequested:
        lines.say("Ending everything; the data stay for the next start.")
    finally:
        _ignore_signals()
        stack.stop()


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    _ignore_signals()  # a second one must not interrupt the orderly end
    raise _StopRequested


def _ignore_signals() -> None:
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _summary(stack: "Stack", seconds: float) -> str:
    return "\n".join(
        (
            "",
            f"CarPass is up after {seconds:.1f} s:",
            f"  API            {stack.gateway_url}",
            f"  API page       {stack.gateway_url}/docs",
            f"  bot and chats  {stack.telegram_url}",
            f"  logs           ./carpass logs -f SERVICE (files in {stack.state.logs})",
            "Ctrl-C ends everything; the next start resumes the same data.",
            "",
        )
    )
