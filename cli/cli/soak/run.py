"""A whole soak: the stack, the clients, the faults, the rest after them, and the check."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.client.gateway import Gateway
from cli.demo.operator import LocalOperator
from cli.soak.checking import Checked, bot_messages, check, installation_of
from cli.soak.display import Display
from cli.soak.faults import LONGEST, plan_faults
from cli.soak.history import History
from cli.soak.orders import planned_order
from cli.soak.rest import Unfinished, come_to_rest
from cli.soak.striking import Strike, Striker
from cli.soak.timeline import Timeline, timelines
from cli.soak.town import Town, cars_for, open_town
from cli.soak.violations import Breach, Violation
from cli.soak.visits import Visitor
from cli.stack.plan import EVERY_PART, EnvironmentOverrides
from cli.stack.reporting import Report, silent
from cli.stack.running import RunningStack
from cli.stack.stack import Stack

HISTORY_FILE = "client-history.jsonl"
_PREPARATION_PATIENCE = 60.0
_START_DEADLINE = 300.0
_QUIET = {"CARPASS_LOG_LEVEL": "WARNING", "CARPASS_TRACE_SAMPLE_RATIO": "0"}
"""Unless the caller's environment says otherwise: thousands of orders write gigabytes of logs."""


@dataclass(frozen=True)
class SoakSettings:
    """`longest`: seconds of the longest fault; `rest`: seconds that everything has to come to rest after the last."""

    orders: int
    faults: int
    seed: int
    clients: int = 8
    longest: float = LONGEST
    rest: float = 600.0
    environment: EnvironmentOverrides = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """What happened. `seconds`: from the first request to the last answer; `away`: parts that did not come back."""

    history: History
    town: Town
    strikes: Sequence[Strike]
    messages_before: Mapping[int, int]
    seconds: float
    away: Sequence[str]
    unfinished: Unfinished
    resting: float


@dataclass(frozen=True)
class Soaked:
    """What happened, and what the check found."""

    played: Played
    checked: Checked
    timelines: Sequence[Timeline]


def soak_stack(state_dir: Path, settings: SoakSettings, report: Report = silent) -> Stack:
    """Every role a process, every database a server of its own, and a proxy before each; not started."""
    given = {name: os.environ[name] for name in _QUIET if name in os.environ}
    everywhere = _QUIET | given | dict(settings.environment.get(EVERY_PART, {}))
    return Stack(
        state_dir,
        split=True,
        proxied=True,
        postgres_per_service=True,
        environment={**settings.environment, EVERY_PART: everywhere},
        report=report,
        deadline=_START_DEADLINE,
    )


async def soak(stack: Stack, settings: SoakSettings, display: Display) -> Soaked:
    """On a stack that has been started and is watched over."""
    with History(stack.state.root / HISTORY_FILE) as history:
        played = await play(stack, settings, history, display)
        display.say("checking")
        checked = await check(stack, history, played.town, messages_before=played.messages_before, told=display.say)
        checked.violations.extend(_restless(played, settings))
        return Soaked(played, checked, await timelines(stack, history, checked.violations, played.strikes))


def _restless(played: Played, settings: SoakSettings) -> Iterator[Violation]:
    yield from (Violation(Breach.NOT_AT_REST, what) for what in played.away)
    for what, count in played.unfinished.items():
        yield Violation(Breach.NOT_AT_REST, f"{what}: {count} after {settings.rest:g} s")


async def play(stack: Stack, settings: SoakSettings, history: History, display: Display) -> Played:
    """The orders and the faults, and the rest after them."""
    operator = LocalOperator(RunningStack.of(stack.state.root))
    async with Gateway(stack.gateway_url, patience=_PREPARATION_PATIENCE) as gateway:
        display.say("opening centers and registering cars")
        town = await open_town(gateway, operator, cars=cars_for(settings.orders, settings.clients))
        before = await bot_messages(town, stack.telegram_url)
    faults = plan_faults(settings.seed, orders=settings.orders, faults=settings.faults, longest=settings.longest)
    striker = Striker(stack, faults, history.now)
    async with Gateway(stack.gateway_url) as gateway:
        town.move_to(gateway)
        history.begin()
        striker.progressed(0)

        def progressed() -> None:
            striker.progressed(history.ended)
            display.progressed(history.ended, len(striker.strikes))

        async with asyncio.TaskGroup() as group:
            for number in range(settings.clients):
                visitor = Visitor(number, town, town.cars[number :: settings.clients], history)
                group.create_task(_client(visitor, settings, progressed))
    seconds = history.now()
    display.say("healing the last faults")
    away = await striker.heal()
    began = time.monotonic()
    unfinished = await come_to_rest(installation_of(stack), within=settings.rest, told=display.unfinished)
    return Played(history, town, striker.strikes, before, seconds, away, unfinished, time.monotonic() - began)


async def _client(visitor: Visitor, settings: SoakSettings, progressed: Callable[[], None]) -> None:
    for number in range(visitor.number, settings.orders, settings.clients):
        await visitor.perform(planned_order(settings.seed, number))
        progressed()
