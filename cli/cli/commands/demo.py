"""`carpass demo`: the main job, and what becomes of it in every service."""

import asyncio
import json
import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.demo.narrator import Narrator
from cli.errors import StackError
from cli.stack.state import DEFAULT_STATE_DIR, REPOSITORY, StateDir

if TYPE_CHECKING:
    from cli.demo.effects import Effect
    from cli.demo.operator import Operator
    from cli.demo.scenario import Scenario

app = typer.Typer()

_PATIENCE = 20.0
"""Seconds: a machine that has just started a dozen processes may be busy for a while."""


@app.command()
def demo(
    scenario: Annotated[
        str, typer.Option(help="A scenario file, or the name of a shipped one (see --list).")
    ] = "brakes-and-timing-belt",
    url: Annotated[
        str | None, typer.Option(help="The gateway of `docker compose up` instead of a local stack.")
    ] = None,
    telegram_url: Annotated[
        str | None, typer.Option(help="With --url: the double of the Bot API. Empty: there is none.")
    ] = "http://127.0.0.1:8081",
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    within: Annotated[float, typer.Option(help="Seconds after which an effect counts as missing.", min=0)] = 10.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave a stack up that the demo had to start.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the effects as one JSON document.")] = False,
    list_scenarios: Annotated[bool, typer.Option("--list", help="Name the shipped scenarios and end.")] = False,
) -> None:
    """Perform the main job through the gateway and show its effects in every service.

    With no stack up it starts one, and ends it after. The exit code is 1 when an effect does not come in time.
    """
    from cli.demo import scenario as scenarios  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.demo.operator import ComposeOperator, LocalOperator  # noqa: PLC0415
    from cli.stack.running import RunningStack  # noqa: PLC0415

    if list_scenarios:
        typer.echo("\n".join(scenarios.shipped()))
        return
    played = scenarios.load(scenario)
    with ExitStack() as running:
        operator: Operator
        if url is not None:
            operator = ComposeOperator(url.rstrip("/"), telegram_url or None, str(REPOSITORY))
        else:
            if StateDir(state).description() is None:
                _start_stack(running, state, keep=keep)
            operator = LocalOperator(RunningStack.of(state))
        effects = asyncio.run(_perform(played, operator, within=within, silent=as_json))
    _judge(effects, as_json=as_json)


async def _perform(scenario: "Scenario", operator: "Operator", *, within: float, silent: bool) -> "list[Effect]":
    from cli.client.gateway import Gateway  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.demo.cast import sign_in_everybody  # noqa: PLC0415
    from cli.demo.effects import Effects  # noqa: PLC0415
    from cli.demo.preparation import prepare  # noqa: PLC0415
    from cli.demo.telegram import TelegramDouble  # noqa: PLC0415
    from cli.demo.visit import Visit  # noqa: PLC0415

    narrator = Narrator(silent=silent)
    narrator.say(f"\n{scenario.title}\n")
    async with Gateway(operator.gateway_url, patience=_PATIENCE) as gateway:
        cast = await sign_in_everybody(gateway, scenario, operator.bot_token())
        narrator.step("everybody signs in by Telegram init data")
        prepared = await prepare(scenario, cast, operator, narrator)
        completed = await Visit(scenario, cast, narrator).perform(prepared)
        narrator.say("\nWhat became of it (seconds from the completion's answer):\n")
        telegram = TelegramDouble(operator.telegram_url) if operator.telegram_url else None
        return await Effects(cast, completed, telegram).watch(lambda effect: narrator.say(_line(effect)), within)


def _line(effect: "Effect") -> str:
    took = "   never " if effect.seconds is None else f"{effect.seconds:6.2f} s "
    return f"{took} {effect.service:<11} {effect.name:<20} {effect.found}"


def _judge(effects: "list[Effect]", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(effect) for effect in effects], ensure_ascii=False, indent=2))
    missing = [f"{effect.name} in {effect.service}" for effect in effects if effect.seconds is None]
    if missing:
        sys.stderr.write(f"carpass: these effects did not come in time: {', '.join(missing)}\n")
        raise typer.Exit(1)


def _start_stack(running: ExitStack, state: Path, *, keep: bool) -> None:
    """Start one, to be ended with `running`; with `keep` as a process of its own, which stays."""
    if keep:
        _start_up_command(state)
        return
    from cli.display import ProgressLines  # noqa: PLC0415
    from cli.stack.stack import Stack  # noqa: PLC0415

    # A closed terminal ends the stack as Ctrl-C does: nobody else would.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    stack = Stack(state, gateway_port=None, report=ProgressLines())
    running.enter_context(stack)
    running.callback(_ignore_signals)  # a second one must not interrupt the orderly end
    stack.watch()


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _start_up_command(state: Path) -> None:
    import subprocess  # noqa: PLC0415
    import time  # noqa: PLC0415

    log = StateDir(state).root / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", "up", "--state", str(state)],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    typer.echo(f"Starting the stack, which stays up: end it with ./carpass down (it writes to {log}).")
    while "CarPass is up" not in log.read_text(errors="replace"):
        if started.poll() is not None:
            raise StackError(f"The stack did not start; see {log}.")
        time.sleep(0.2)
