"""The people of a scenario, signed in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cli.client.gateway import Gateway, Person
from cli.client.sign_in import TelegramUser
from cli.demo.scenario import Scenario

MODERATOR = "Модератор Демо"


@dataclass(frozen=True)
class Cast:
    """Everybody who acts."""

    founder: Person
    office: Person
    mechanic: Person
    customer: Person
    moderator: Person
    staff: dict[str, Person]


async def sign_in_everybody(gateway: Gateway, scenario: Scenario, bot_token: str) -> Cast:
    """Each by the Telegram account that belongs to the name."""
    names = {person.name for person in scenario.staff} | {MODERATOR}
    users = {name: TelegramUser.named(name) for name in names}
    users[scenario.customer.name] = TelegramUser.named(scenario.customer.name, scenario.customer.language)
    signed_in = await asyncio.gather(*(gateway.sign_in(user, bot_token) for user in users.values()))
    people = dict(zip(users, signed_in, strict=True))
    await asyncio.gather(*(person.whoami() for person in people.values()))
    return Cast(
        founder=people[scenario.first("owner").name],
        office=people[scenario.first("receptionist", "manager", "owner").name],
        mechanic=people[scenario.mechanic.name],
        customer=people[scenario.customer.name],
        moderator=people[MODERATOR],
        staff={person.name: people[person.name] for person in scenario.staff},
    )
