"""`python -m <service> dlt list | show | replay`: looks at dead letters, and runs handlers on them again."""

from __future__ import annotations

import argparse
import asyncio
import base64
import sys
from collections.abc import Sequence
from typing import Any, Final

import orjson

from chassis.consuming import Subscriptions
from chassis.consuming.dead_letters import DeadLetter, find_dead_letter, list_dead_letters
from chassis.consuming.replay import replay_dead_letter
from chassis.db import Database

type Place = tuple[str, int, int]

_MOST: Final = 10_000


def dead_letter_command(name: str, url: str, subscriptions: Subscriptions, arguments: Sequence[str]) -> int:
    """Prints one JSON object a line; 1 when a letter is not there or fails again. `url` is the worker role's."""
    chosen = _parser(name).parse_args(arguments)
    return asyncio.run(_run(name, url, subscriptions, chosen))


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {name} dlt")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="the oldest first")
    listing.add_argument("--limit", type=int, default=100)
    _add_place(commands.add_parser("show", help="one of them, with all its bytes"), optional=False)
    replaying = commands.add_parser("replay", help="run the service's handlers again; what succeeds is removed")
    replaying.add_argument("--dry-run", action="store_true", help="roll everything back")
    _add_place(replaying, optional=True)
    return parser


def _add_place(parser: argparse.ArgumentParser, *, optional: bool) -> None:
    """Without a place all letters are meant."""
    count = "?" if optional else None
    parser.add_argument("topic", nargs=count)
    parser.add_argument("partition", type=int, nargs=count)
    parser.add_argument("offset", type=int, nargs=count)


async def _run(name: str, url: str, subscriptions: Subscriptions, chosen: argparse.Namespace) -> int:
    database = Database(url, pool_size=1, application_name=f"{name}-dlt")
    try:
        if chosen.command == "list":
            return await _list(database, chosen.limit)
        if chosen.command == "show":
            return await _show(database, _place(chosen))
        places = [_place(chosen)] if chosen.topic is not None else await _all_places(database)
        outcomes = [await _replay(database, subscriptions, place, dry_run=chosen.dry_run) for place in places]
        return 0 if all(outcomes) else 1
    finally:
        await database.dispose()


def _place(chosen: argparse.Namespace) -> Place:
    if chosen.partition is None or chosen.offset is None:
        raise SystemExit("a dead letter is named by topic, partition and offset")
    return chosen.topic, chosen.partition, chosen.offset


async def _all_places(database: Database) -> list[Place]:
    async with database.transaction() as tx:
        letters = await list_dead_letters(tx, limit=_MOST)
    return [_place_of(letter) for letter in letters]


async def _list(database: Database, limit: int) -> int:
    async with database.transaction() as tx:
        for letter in await list_dead_letters(tx, limit=limit):
            _print(_summary(letter))
    return 0


async def _show(database: Database, place: Place) -> int:
    async with database.transaction() as tx:
        letter = await find_dead_letter(tx, *place)
    if letter is None:
        _print({"place": place, "error": "there is no such dead letter"})
        return 1
    record = letter.record
    headers = [[_text(name), _text(value)] for name, value in record.headers]
    _print(_summary(letter) | {"key": _text(record.key), "headers": headers, "value": _text(record.value)})
    return 0


async def _replay(database: Database, subscriptions: Subscriptions, place: Place, *, dry_run: bool) -> bool:
    try:
        outcome = await replay_dead_letter(database, subscriptions, place, dry_run=dry_run)
    except Exception as error:  # noqa: BLE001 - it is told, and the next one has its turn
        _print({"place": place, "failed": f"{type(error).__name__}: {error}"})
        return False
    _print({"place": place, "outcome": outcome, "dry_run": dry_run})
    return True


def _summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "place": _place_of(letter),
        "kind": letter.kind,
        "event_type": letter.event_type,
        "error": letter.error,
        "recorded_at": letter.recorded_at,
    }


def _place_of(letter: DeadLetter) -> Place:
    return letter.record.topic, letter.record.partition, letter.record.offset


def _text(value: str | bytes | None) -> str | None:
    """Text as it is, other bytes as base64."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(value).decode()}"


def _print(line: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
