"""Who somebody is stands in few places, and after an erasure in none.

Kafka itself removes what a tombstone replaces from `owners.profile` when it compacts, some time later: that is the
broker's business, and these tests look for the tombstone only.
"""

import asyncio
import hashlib
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from cli.client.gateway import Answered, Gateway, Person
from cli.client.sign_in import signed_init_data
from cli.demo.effects import sha256_of
from cli.demo.scenario import Scenario, load
from cli.demo.visit import Completed
from cli.stack.stack import Stack
from tests.e2e.chat import Chat
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, Rehearsed, erase, log_files, open_chat, rehearse, watch
from tests.e2e.stored import places_of, topic_records
from tests.support.eventually import eventually

PROFILES = "owners.profile"
SECRET_FIELDS = {"access_token", "refresh_token", "token", "deep_link"}
LETTERS = "ghjkmnpqrstvwxyz"  # no hexadecimal digits: such words are in no id and no hash


class Eavesdropper(Gateway):
    """A client that remembers every token that its users were given."""

    def __init__(self, url: str) -> None:
        super().__init__(url, patience=PATIENCE)
        self.tokens: set[str] = set()

    async def call(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        answer = await super().call(method, path, body=body, headers=headers)
        if isinstance(answer.body, dict):
            told = {str(value) for name, value in answer.body.items() if name in SECRET_FIELDS and value}
            self.tokens |= {token.rpartition("start=")[2] for token in told}
        return answer


@dataclass(frozen=True)
class Run:
    """A whole visit by people with names of their own. `words`: the part of a name that is nobody else's, by name."""

    rehearsed: Rehearsed
    completed: Completed
    words: dict[str, str]
    tokens: set[str]

    def personal(self, *people: Person) -> list[str]:
        """Names and Telegram ids; of everybody when nobody is given."""
        cast = self.rehearsed.cast
        concerned = people or (cast.customer, *cast.staff.values())
        return [word for each in concerned for word in (self.words[each.telegram.first_name], str(each.telegram.id))]


@dataclass(frozen=True)
class Erasure:
    """Of the customer and the mechanic; `before`: where everybody of the run stood in the databases before."""

    people: tuple[Person, ...]
    personal: list[str]
    before: dict[str, list[str]]


def renamed(scenario: Scenario) -> tuple[Scenario, dict[str, str]]:
    """With new names for everybody, and the words that tell them apart."""
    text, words = scenario.model_dump_json(), {}
    for name in (scenario.customer.name, *(employee.name for employee in scenario.staff)):
        word = "".join(secrets.choice(LETTERS) for _ in range(12))
        words[f"Добрыня {word}"] = word
        text = text.replace(name, f"Добрыня {word}")
    return Scenario.model_validate_json(text), words


def words_in(text: str, words: Iterable[str]) -> list[str]:
    """Those that stand in the case-folded text."""
    return [word for word in words if word.casefold() in text]


@pytest.fixture(scope="module")
async def eavesdropper(stack: Stack) -> AsyncIterator[Eavesdropper]:
    async with Eavesdropper(stack.gateway_url) as entered:
        yield entered


@pytest.fixture(scope="module")
async def run(stack: Stack, eavesdropper: Eavesdropper) -> Run:
    scenario, words = renamed(load("brakes-and-timing-belt"))
    rehearsed = await rehearse(stack, eavesdropper, scenario)
    cast = rehearsed.cast
    await open_chat(stack, cast.mechanic)
    await _note_down(rehearsed, words[cast.customer.telegram.first_name])
    await _approve_by_button(rehearsed, Chat(stack.telegram_url, cast.customer))
    completed = await rehearsed.visit()
    assert [effect for effect in await watch(stack, cast, completed) if effect.seconds is None] == []
    await _sign_in_again_and_out(eavesdropper, cast.mechanic, stack.secrets.bot_token)
    return Run(rehearsed, completed, words, eavesdropper.tokens)


async def _note_down(rehearsed: Rehearsed, name: str) -> None:
    """The customer writes a name wherever only its author reads it."""
    customer, car = rehearsed.cast.customer, f"/v1/cars/{rehearsed.prepared.car_id}"
    today = datetime.now(UTC).date().isoformat()
    fee = {"amount_minor": 500, "currency": "RUB"}
    note = f"for {name}"
    await customer.post("/v1/cars", {"nickname": name, "tags": [name], "make": "Lada", "currency": "RUB"})
    await customer.post(f"{car}/expenses", {"expense_date": today, "category": "parking", "amount": fee, "note": note})
    service = {"service_date": today, "vendor": name, "note": note, "lines": [{"kind": "labor", "title": "Wash"}]}
    await customer.post(f"{car}/service-entries", service)


async def _approve_by_button(rehearsed: Rehearsed, chat: Chat) -> None:
    await (await Order.opened(rehearsed)).advance("awaiting_approval")
    message = await chat.message("Job 1", buttons=2)
    await chat.press(message, "✅ Согласиться")
    await chat.edited(message, "Вы одобрили", buttons=0)


async def _sign_in_again_and_out(gateway: Gateway, person: Person, bot_token: str) -> None:
    again = await gateway.call(
        "POST", "/v1/auth/telegram", body={"init_data": signed_init_data(person.telegram, bot_token)}
    )
    renewed = await gateway.call("POST", "/v1/auth/refresh", body={"refresh_token": again.body["refresh_token"]})
    await Person(gateway, person.telegram, renewed.body["access_token"]).post("/v1/auth/logout")


@pytest.fixture(scope="module")
async def erasure(run: Run, stack: Stack) -> Erasure:
    cast = run.rehearsed.cast
    people = (cast.customer, cast.mechanic)
    before = await places_of(stack, run.personal())
    for person in people:
        await erase(person)
    return Erasure(people, run.personal(*people), before)


async def test_no_event_names_anybody(run: Run, stack: Stack) -> None:
    topics = await topic_records(stack.kafka_bootstrap)
    by_topic = {
        topic: b"\n".join(part or b"" for record in records for part in record).decode(errors="replace").casefold()
        for topic, records in topics.items()
    }
    assert all(run.words[name] in by_topic[PROFILES] for name in run.words)
    hidden = [*run.personal(), *run.tokens]
    assert {topic: words_in(told, hidden) for topic, told in by_topic.items() if topic != PROFILES} == {
        topic: [] for topic in by_topic if topic != PROFILES
    }
    ids = [str(person.telegram.id) for person in run.rehearsed.cast.staff.values()]
    assert words_in(by_topic[PROFILES], [*ids, *run.tokens]) == []


async def test_no_log_line_names_anybody_or_tells_a_token(run: Run, stack: Stack) -> None:
    secrets_of_stack = [
        stack.secrets.bot_token,
        stack.secrets.notifier_credential,
        stack.secrets.webhook_secret,
        *(getattr(of, role) for of in stack.secrets.passwords.values() for role in ("owner", "api", "worker")),
    ]
    said = {file.name: file.read_text(errors="replace").casefold() for file in log_files(stack)}
    assert "telegram message sent" in said["notifier-worker.log"]
    hidden = [*run.personal(), *run.tokens, *secrets_of_stack]
    assert {name: words_in(text, hidden) for name, text in said.items()} == {name: [] for name in said}


async def test_no_lasting_record_in_the_databases_names_anybody(erasure: Erasure) -> None:
    columns = {column for places in erasure.before.values() for column in places}
    assert columns >= {
        "owners.app_user.display_name",
        "owners.telegram_identity.telegram_id",
        "sto.person.display_name",
        "notifier.telegram_chat.chat_id",
    }
    lasting = ("snapshot.", "estimate.", "status_history.", "audit_row.", "outbox.", "engagement_event.")
    assert [column for column in columns if column.split(".", 1)[1].startswith(lasting)] == []


async def test_no_database_holds_a_token(run: Run, stack: Stack) -> None:
    assert await places_of(stack, run.tokens) == {token: [] for token in run.tokens}


async def test_erasure_leaves_no_trace_in_any_database(erasure: Erasure, stack: Stack) -> None:
    async def nothing_is_left() -> None:
        assert await places_of(stack, erasure.personal) == {word: [] for word in erasure.personal}
        assert await _outboxes(stack) == 0

    await eventually(nothing_is_left, within=PATIENCE, every=0.5)


async def test_erasure_puts_a_tombstone_on_the_profile(erasure: Erasure, stack: Stack) -> None:
    async def tombstones() -> bool:
        records = (await topic_records(stack.kafka_bootstrap))[PROFILES]
        latest = {key: value for key, value, _ in records}
        return all(latest[person.user_id.encode()] is None for person in erasure.people)

    await eventually(tombstones, within=PATIENCE, every=0.5)


async def test_every_hash_still_verifies_after_an_erasure(run: Run, erasure: Erasure, stack: Stack) -> None:
    assert erasure.people
    connection = await asyncpg.connect(stack.superuser_url("workorders"))
    try:
        stored = await connection.fetch("SELECT work_order_id::text AS id, content, sha256 FROM snapshot")
        stored += await connection.fetch("SELECT work_order_id::text AS id, content, sha256 FROM estimate")
    finally:
        await connection.close()
    assert run.completed.id in {row["id"] for row in stored}
    assert [row["id"] for row in stored if hashlib.sha256(row["content"].encode()).hexdigest() != row["sha256"]] == []
    shown = (await run.rehearsed.cast.founder.get(f"/v1/work-orders/{run.completed.id}/snapshot")).body
    assert sha256_of(shown["snapshot"]) == shown["sha256"]
    verified = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli", "audit", "verify", "--state", str(stack.state.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def test_erased_employee_has_no_name_among_colleagues(run: Run, erasure: Erasure) -> None:
    founder, (_, mechanic) = run.rehearsed.cast.founder, erasure.people

    async def nameless() -> bool:
        path = f"/v1/service-centers/{run.rehearsed.prepared.center_id}/employees"
        rows = (await founder.get(path)).body["data"]
        return [row["display_name"] for row in rows if row["user_id"] == mechanic.user_id] == [None]

    await eventually(nameless, within=PATIENCE)


async def _outboxes(stack: Stack) -> int:
    waiting = 0
    for service in stack.databases:
        connection = await asyncpg.connect(stack.superuser_url(service))
        try:
            waiting += await connection.fetchval("SELECT count(*) FROM outbox")
        finally:
            await connection.close()
    return waiting
