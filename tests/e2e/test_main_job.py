"""The act that CarPass exists for: a completed work order becomes five services' truth."""

import asyncio
import json
import subprocess
import sys

import pytest

from cli.client.gateway import Gateway
from cli.demo.effects import Effect
from cli.demo.scenario import load, shipped
from cli.demo.visit import Completed
from cli.operations.effects import check_effects
from cli.operations.installation import Installation
from cli.stack.stack import Stack
from tests.e2e.playing import PATIENCE, rehearse, watch
from tests.support.eventually import eventually

EFFECTS = {
    ("workorders", "immutable snapshot"),
    ("owners", "service entry"),
    ("owners", "expense"),
    ("owners", "odometer reading"),
    ("trust", "recommendations"),
    ("trust", "audit row"),
    ("trust", "timeline"),
    ("trust", "vehicle score"),
    ("notifier", "inbox"),
    ("notifier", "Telegram message"),
}

type Performed = dict[str, tuple[Completed, list[Effect]]]


@pytest.fixture(scope="module")
async def performed(stack: Stack, gateway: Gateway) -> Performed:
    """Every shipped scenario as it is shipped, side by side, with what became of it."""

    async def perform(name: str) -> tuple[Completed, list[Effect]]:
        rehearsed = await rehearse(stack, gateway, load(name))
        completed = await rehearsed.visit()
        return completed, await watch(stack, rehearsed.cast, completed)

    names = shipped()
    return dict(zip(names, await asyncio.gather(*map(perform, names)), strict=True))


@pytest.mark.parametrize("scenario", shipped())
async def test_completion_has_its_effects_in_every_service(performed: Performed, scenario: str) -> None:
    _, effects = performed[scenario]
    assert {(effect.service, effect.name) for effect in effects} == EFFECTS
    assert [effect for effect in effects if effect.seconds is None] == []


async def test_effects_command_finds_each_order_whole_and_its_events_in_order(
    performed: Performed, stack: Stack
) -> None:
    installation = Installation({name: of.owner_url for name, of in stack.databases.items()}, stack.kafka_bootstrap)

    async def all_is_told() -> bool:
        report = await check_effects(installation)
        return report.whole and not any(report.outbox.values())

    await eventually(all_is_told, within=PATIENCE, every=0.2)
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli", "effects", "--order", "--json", "--state", str(stack.state.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE * 2,
    )
    assert told.returncode == 0, told.stderr or told.stdout
    document = json.loads(told.stdout)
    assert document["whole"]
    assert document["order"]["broken"] == []
    whole = {order["work_order_id"] for order in document["orders"]}
    assert whole >= {completed.id for completed, _ in performed.values()}
