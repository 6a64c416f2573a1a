"""A small soak on a stack of its own, and whether its check finds what somebody has spoiled afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from cli.soak.checking import Checked, check
from cli.soak.display import Display
from cli.soak.faults import Kind
from cli.soak.report import document, table, versions
from cli.soak.run import Soaked, SoakSettings, soak, soak_stack
from cli.soak.striking import NOT_POSSIBLE
from cli.soak.timeline import timelines
from cli.soak.violations import Breach
from cli.stack.plan import EVERY_PART
from cli.stack.stack import Stack
from tests.e2e.conftest import DEADLINES, STARTING
from tests.support.eventually import eventually

pytestmark = [pytest.mark.crash, pytest.mark.timeout(STARTING)]

SEED = 2252
"""Its plan kills a PostgreSQL, stops another, ends backends, resets and delays connections, and silences Telegram."""
SETTINGS = SoakSettings(
    orders=40, faults=6, seed=SEED, clients=4, longest=1.5, rest=150.0, environment={EVERY_PART: DEADLINES}
)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With nothing in its databases but the soak's orders, which are spoiled in the end."""
    folder = tmp_path_factory.mktemp("soak")
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o711)  # PostgreSQL, as a user of its own, must pass through
    with soak_stack(folder, SETTINGS) as started:
        started.watch()
        yield started


@pytest.fixture(scope="module")
async def soaked(own_stack: Stack) -> Soaked:
    with Display(orders=SETTINGS.orders, faults=SETTINGS.faults, silent=True) as display:
        return await soak(own_stack, SETTINGS, display)


@pytest.fixture(scope="module")
async def spoiled(own_stack: Stack, soaked: Soaked) -> Mapping[str, str]:  # noqa: ARG001 -- before
    """Whose orders were spoiled, and how; made once, for the rows are not put back."""
    spoiling = _Spoiling(own_stack)
    for spoil, order_id in zip(SPOILED, await spoiling.completed(len(SPOILED)), strict=True):
        await getattr(spoiling, spoil)(order_id)
    return {spoil: str(order_id) for spoil, order_id in spoiling.spoiled.items()}


@pytest.fixture(scope="module")
async def found(own_stack: Stack, soaked: Soaked, spoiled: Mapping[str, str]) -> Checked:  # noqa: ARG001 -- before
    return await _check(own_stack, soaked)


async def test_forty_orders_and_six_faults_lose_and_double_nothing(own_stack: Stack, soaked: Soaked) -> None:
    result = document(SETTINGS, soaked, await versions(own_stack))
    assert result["violations"] == [], table(result)
    assert result["whole"]
    assert str(SEED) in table(result)
    assert sum(result["outcomes"].values()) == SETTINGS.orders
    assert result["requests"]["unknown"] == result["requests"]["failed"] == 0


def test_every_fault_of_the_plan_has_struck(soaked: Soaked) -> None:
    kinds = {Kind.KILL, Kind.PAUSE, Kind.RESET, Kind.DELAY, Kind.TERMINATE, Kind.BOT_API}
    assert {strike.fault.kind for strike in soaked.played.strikes} == kinds
    assert [strike for strike in soaked.played.strikes if strike.note.startswith(NOT_POSSIBLE)] == []


def test_the_check_has_looked_at_every_order(soaked: Soaked) -> None:
    counted = soaked.checked.counts
    assert sum(count for name, count in counted.items() if name.startswith("orders ")) == SETTINGS.orders
    assert counted["audit rows of orders"] > 4 * SETTINGS.orders


SPOILED = {
    "lose_an_effect": Breach.LOST,
    "lose_the_order": Breach.LOST,
    "undo_the_completion": Breach.LOST,
    "double_a_notification": Breach.DOUBLED,
    "double_an_audit_row": Breach.DOUBLED,
    "change_the_snapshot": Breach.BROKEN_CHAIN,
    "reorder_the_history": Breach.OUT_OF_ORDER,
    "skip_an_event": Breach.OUT_OF_ORDER,
    "attest_what_was_not_completed": Breach.MADE_UP,
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_the_check_names_the_order_that_was_spoiled(spoil: str, spoiled: Mapping[str, str], found: Checked) -> None:
    assert (SPOILED[spoil], spoiled[spoil]) in {(each.breach, each.order_id) for each in found.violations}


def test_the_check_finds_an_audit_chain_that_was_touched(found: Checked) -> None:
    assert [each.what for each in found.violations if "audit log" in each.what and each.breach is Breach.BROKEN_CHAIN]


def test_the_check_finds_what_a_service_has_given_up(found: Checked) -> None:
    assert [each.what for each in found.violations if each.breach is Breach.DEAD_LETTER]


def test_orders_that_nobody_touched_stay_without_a_word(spoiled: Mapping[str, str], found: Checked) -> None:
    assert {each.order_id for each in found.violations} <= {*spoiled.values(), None}


async def test_a_spoiled_order_is_told_with_what_its_client_and_its_database_saw(
    own_stack: Stack, soaked: Soaked, spoiled: Mapping[str, str], found: Checked
) -> None:
    told = await timelines(own_stack, soaked.played.history, found.violations, soaked.played.strikes)
    lines = {timeline.order_id: [what for _, what in timeline.lines] for timeline in told}
    of_order = "\n".join(lines[spoiled["undo_the_completion"]])
    assert "completion ok" in of_order
    assert "ready → completed" in of_order


async def _check(stack: Stack, soaked: Soaked) -> Checked:
    played = soaked.played
    return await check(
        stack, played.history, played.town, messages_before=played.messages_before, told=lambda _words: None
    )


class _Spoiling:
    """What a bug or a hand in the database could do; every method takes an order that is completed."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.spoiled: dict[str, UUID] = {}

    async def completed(self, wanted: int) -> Sequence[UUID]:
        rows = await self._fetch(
            "workorders", "SELECT id FROM work_order WHERE status = 'completed' ORDER BY id LIMIT $1", wanted
        )
        return [row["id"] for row in rows]

    async def lose_an_effect(self, order: UUID) -> None:
        await self._spoil("lose_an_effect", order, "owners", "DELETE FROM expense WHERE work_order_id = $1")

    async def lose_the_order(self, order: UUID) -> None:
        await self._spoil("lose_the_order", order, "workorders", "DELETE FROM work_order WHERE id = $1")

    async def undo_the_completion(self, order: UUID) -> None:
        sql = "UPDATE work_order SET status = 'ready', closed_at = NULL WHERE id = $1"
        await self._spoil("undo_the_completion", order, "workorders", sql)

    async def double_a_notification(self, order: UUID) -> None:
        sql = """
            INSERT INTO notification SELECT (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(),
                'event_id', gen_random_uuid()))).* FROM notification n
            WHERE subject_id = $1 AND template = 'work-order-completed'
        """
        await self._spoil("double_a_notification", order, "notifier", sql)

    async def double_an_audit_row(self, order: UUID) -> None:
        sql = """
            INSERT INTO audit_row SELECT (jsonb_populate_record(a, jsonb_build_object('event_id', gen_random_uuid(),
                'height', a.height + 1000000))).* FROM audit_row a
            WHERE subject = $1::uuid::text AND action = 'workorders.workorder.opened.v1'
        """
        await self._spoil("double_an_audit_row", order, "trust", sql)

    async def change_the_snapshot(self, order: UUID) -> None:
        sql = "UPDATE snapshot SET content = content || ' ' WHERE work_order_id = $1"
        unguarded = "ALTER TABLE snapshot DROP CONSTRAINT snapshot_check"
        await self._spoil("change_the_snapshot", order, "workorders", sql, first=unguarded)

    async def reorder_the_history(self, order: UUID) -> None:
        sql = (
            "UPDATE status_history SET sequence = sequence + 100 WHERE work_order_id = $1 AND to_status = 'in_progress'"
        )
        await self._spoil("reorder_the_history", order, "workorders", sql)

    async def attest_what_was_not_completed(self, _order: UUID) -> None:
        stranger = uuid4()
        sql = """
            INSERT INTO attested_service (work_order_id, car_id, serviced_on, completed_at, related_party)
            SELECT $1, car_id, serviced_on, completed_at, related_party FROM attested_service LIMIT 1
        """
        await self._spoil("attest_what_was_not_completed", stranger, "trust", sql)

    async def skip_an_event(self, order: UUID) -> None:
        """Consumers cannot read it either, and give it up."""
        self.spoiled["skip_an_event"] = order
        producer = AIOKafkaProducer(bootstrap_servers=self._stack.kafka_bootstrap)
        await producer.start()
        try:
            headers = [("ce_subject", str(order).encode())]
            await producer.send_and_wait("workorders.workorder", b'{"sequence": 99}', headers=headers)
        finally:
            await producer.stop()

        async def given_up() -> bool:
            counts = [await self._fetch(each, "SELECT 1 FROM dead_letter") for each in ("owners", "trust", "notifier")]
            return all(counts)

        await eventually(given_up, within=60.0)

    async def _spoil(self, how: str, order: UUID, service: str, sql: str, *, first: str = "") -> None:
        self.spoiled[how] = order
        connection = await asyncpg.connect(self._stack.superuser_url(service), timeout=60)
        try:
            # No trigger and no foreign key stands in the way, as none does in a corrupted database.
            await connection.execute(f"SET session_replication_role = replica; {first}")
            done = await connection.execute(sql, order)
        finally:
            await connection.close()
        assert not done.endswith(" 0"), (how, done)

    async def _fetch(self, service: str, sql: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._stack.superuser_url(service), timeout=60)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()
