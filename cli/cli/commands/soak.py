"""`carpass soak`: work orders by the thousand while faults strike, then the proof that nothing was lost or doubled."""

import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import StackError

if TYPE_CHECKING:
    from cli.soak.run import SoakSettings

app = typer.Typer()

_EXAMPLES = """
Examples:

  ./carpass soak --orders 300 --faults 10

  ./carpass soak --orders 30000 --faults 200 --seed 7 --json soak.json

  ./carpass soak --orders 300 --faults 10 --seed 7 --plan

The exit code is 0 when nothing was violated, 1 otherwise. See docs/soak.md.
"""


@app.command(epilog=_EXAMPLES)
def soak(
    *,
    orders: Annotated[int, typer.Option(help="How many work orders.", min=1)] = 300,
    faults: Annotated[int, typer.Option(help="How many faults strike meanwhile.", min=0)] = 10,
    seed: Annotated[int, typer.Option(help="Decides the orders and the faults.")] = 1,
    clients: Annotated[int, typer.Option(help="How many orders are under way at once.", min=1, max=256)] = 8,
    longest: Annotated[float, typer.Option(help="Seconds of the longest fault.", min=0.1)] = 25.0,
    rest: Annotated[float, typer.Option(help="Seconds to come to rest after the last order.", min=1)] = 600.0,
    state: Annotated[
        Path | None, typer.Option(help="An empty folder for data and logs, else one in the system's temporary folder.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the whole result into this file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep data and logs also when nothing was violated.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Print the faults of this seed and end.")] = False,
) -> None:
    """Perform work orders through the gateway of a stack of its own while faults strike, then check all databases.

    Processes are killed and stopped, PostgreSQL and Kafka among them, connections reset, held and delayed,
    backends terminated, and the Bot API answers wrongly. The same seed makes the same orders and faults.
    """
    from cli.soak.faults import plan_faults  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.soak.run import SoakSettings  # noqa: PLC0415

    if plan:
        for fault in plan_faults(seed, orders=orders, faults=faults, longest=longest):
            typer.echo(f"{fault.number:>4}  {fault}")
        return
    settings = SoakSettings(orders, faults, seed, clients=min(clients, orders), longest=longest, rest=rest)
    root = _new_folder(state)
    whole = False
    try:
        whole = _perform(root, settings, json_file)["whole"]
    finally:
        if whole and not keep:
            _remove(root, made_here=state is None)
        else:
            sys.stderr.write(f"Data, logs and the clients' history are in {root}\n")
    raise typer.Exit(0 if whole else 1)


def _perform(root: Path, settings: "SoakSettings", json_file: Path | None) -> dict[str, Any]:
    import uvloop  # noqa: PLC0415

    from cli.operations.quiet import quietly  # noqa: PLC0415
    from cli.soak.display import Display  # noqa: PLC0415
    from cli.soak.report import document, table, versions  # noqa: PLC0415
    from cli.soak.run import Soaked, soak, soak_stack  # noqa: PLC0415

    async def performed() -> tuple["Soaked", dict[str, str]]:
        return await soak(stack, settings, display), await versions(stack)

    stack = soak_stack(root, settings)
    with ExitStack() as running, quietly():
        display = running.enter_context(Display(orders=settings.orders, faults=settings.faults))
        # A closed terminal ends the stack as Ctrl-C does: nobody else would.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        display.say(f"starting a stack in {root}")
        running.enter_context(stack)
        running.callback(_ignore_signals)  # a second one must not interrupt the orderly end
        stack.watch()
        soaked, what = uvloop.run(performed())
        found = document(settings, soaked, what)
    typer.echo(table(found))
    if json_file is not None:
        json_file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    return found


def _new_folder(state: Path | None) -> Path:
    if state is not None:
        if state.exists() and any(state.iterdir()):
            raise StackError(f"{state} is not empty: a soak begins with nothing. Give another folder with --state.")
        return state.absolute()
    folder = Path(tempfile.mkdtemp(prefix="carpass-soak-"))
    folder.chmod(0o711)  # PostgreSQL, as a user of its own, must pass through
    return folder


def _remove(root: Path, *, made_here: bool) -> None:
    import shutil  # noqa: PLC0415

    from cli.stack.state import StateDir  # noqa: PLC0415

    if made_here:
        shutil.rmtree(root)
    else:
        StateDir(root).remove()


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
