"""Plays visits against the stack with the functions of `carpass demo`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cli.client.gateway import Gateway, Person
from cli.client.sign_in import TelegramUser
from cli.demo.cast import Cast, sign_in_everybody
from cli.demo.effects import Effect, Effects
from cli.demo.narrator import Narrator
from cli.demo.operator import LocalOperator
from cli.demo.preparation import Prepared, prepare
from cli.demo.scenario import Scenario, load
from cli.demo.telegram import TelegramDouble
from cli.demo.visit import Completed, Visit
from cli.stack.running import RunningStack
from cli.stack.stack import Stack
from tests.support.eventually import eventually

PATIENCE = 60.0
"""Seconds that anything may take on a machine that does other things as well."""


@dataclass(frozen=True)
class Rehearsed:
    """Everything up to the visit."""

    scenario: Scenario
    cast: Cast
    prepared: Prepared

    async def visit(self) -> Completed:
        """From an empty draft to a completed work order."""
        return await Visit(self.scenario, self.cast, Narrator(silent=True)).perform(self.prepared)


def recast(scenario: str, surname: str) -> Scenario:
    """A shipped scenario with people and a car of its own."""
    family = f"{surname} {secrets.token_hex(4)}"
    text = load(scenario).model_dump_json().replace("Демо", family).replace("Demo", family)
    played = Scenario.model_validate_json(text)
    number = next(name for name in ("vin", "frame_number") if name in played.car)
    other = f"{played.car[number][:-4]}{secrets.randbelow(10_000):04}"
    return played.model_copy(update={"car": played.car | {number: other}})


async def rehearse(stack: Stack, gateway: Gateway, scenario: Scenario) -> Rehearsed:
    """Signs everybody in, and has the center approved, staffed and linked to the customer's car and chat."""
    operator = LocalOperator(RunningStack.of(stack.state.root))
    cast = await sign_in_everybody(gateway, scenario, stack.secrets.bot_token)
    return Rehearsed(scenario, cast, await prepare(scenario, cast, operator, Narrator(silent=True)))


async def watch(stack: Stack, cast: Cast, completed: Completed) -> list[Effect]:
    """What became of the order in every service; an effect that did not come has no seconds."""
    effects = Effects(cast, completed, TelegramDouble(stack.telegram_url))
    return await effects.watch(lambda _: None, PATIENCE)


async def newcomer(stack: Stack, gateway: Gateway, name: str, language: str = "ru") -> Person:
    """Somebody of that name who signs in for the first time."""
    user = TelegramUser.named(f"{name} {secrets.token_hex(4)}", language)
    person = await gateway.sign_in(user, stack.secrets.bot_token)
    await person.whoami()
    return person


async def open_chat(stack: Stack, person: Person) -> None:
    """The person follows the link from CarPass into the bot."""
    link = (await person.post("/v1/telegram/link")).body
    await TelegramDouble(stack.telegram_url).open_link(person, link["deep_link"])

    async def linked() -> bool:
        return bool((await person.get("/v1/telegram/link")).body["state"] == "linked")

    await eventually(linked, within=PATIENCE)


async def erase(person: Person) -> None:
    """DELETE /v1/me."""
    headers = {"Authorization": f"Bearer {person.access_token}", "Idempotency-Key": str(uuid4())}
    await person.gateway.call("DELETE", "/v1/me", headers=headers)


def log_files(stack: Stack) -> list[Path]:
    """What all parts of the stack have written."""
    return sorted(stack.state.logs.iterdir())
