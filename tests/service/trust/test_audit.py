from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.db import Database
from contracts.owners import CarRegistered, UserErased
from contracts.registry import EVENTS, consumed_by
from contracts.sto import EmployeeJoined
from contracts.workorders import WorkOrderCompleted
from tests.service.trust.conftest import Trust
from tests.support.golden import golden
from trust.checkpoints import CheckpointBroken, CheckpointFile
from trust.commands.checkpoint_audit import checkpoint_chains
from trust.commands.verify_audit import verify_audit
from trust.consumers import subscriptions


@pytest.fixture
def checkpoints(tmp_path: Path) -> CheckpointFile:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    return CheckpointFile.open(tmp_path / "checkpoints", tmp_path / "key.pem")


@pytest.fixture
async def filled(trust: Trust) -> Trust:
    for _ in range(3):
        work_order, car = str(uuid4()), str(uuid4())
        await trust.deliver(
            golden(CarRegistered, "vin", car_id=car),
            golden(WorkOrderCompleted, "brakes", work_order_id=work_order, car_id=car),
            golden(EmployeeJoined, "mechanic", employee_id=str(uuid4())),
        )
    return trust


async def verdicts(trust: Trust, checkpoints: CheckpointFile) -> list[str | None]:
    return [report.broken for report in await verify_audit(trust.worker, checkpoints.read())]


async def tamper(trust: Trust, sql: str) -> None:
    await trust.execute("ALTER TABLE audit_row DISABLE TRIGGER USER")
    await trust.execute(sql)


async def test_every_event_has_one_row_in_its_tenants_chain(filled: Trust, checkpoints: CheckpointFile) -> None:
    rows = await filled.rows("SELECT tenant, count(*) AS n FROM audit_row GROUP BY tenant ORDER BY tenant")
    center = golden(WorkOrderCompleted, "brakes").center_id
    assert {(row.tenant, row.n) for row in rows} == {(UUID(int=0), 3), (center, 6)}
    assert await verdicts(filled, checkpoints) == [None, None]


TOUCHED = {
    "a column is altered": ("UPDATE audit_row SET actor_role = 'owner' WHERE height = 2", "row 2 was altered"),
    "a record is altered": ("UPDATE audit_row SET record = record || ' ' WHERE height = 2", "row 2 was altered"),
    "a row is deleted": ("DELETE FROM audit_row WHERE height = 2", "row 2 is missing"),
    "the end is cut off": ("DELETE FROM audit_row WHERE height = 3", "row 3 is missing"),
    "two rows change places": (
        (
            "UPDATE audit_row SET height = CASE height WHEN 1 THEN -2 ELSE -1 END WHERE height IN (1, 2); "
            "UPDATE audit_row SET height = -height WHERE height < 0"
        ),
        "row 1 does not follow row 0",
    ),
}


@pytest.mark.parametrize("what", TOUCHED)
async def test_verification_names_the_first_touched_row_when(
    filled: Trust, checkpoints: CheckpointFile, what: str
) -> None:
    sql, expected = TOUCHED[what]
    for statement in sql.split("; "):
        scoped = statement.replace("WHERE", f"WHERE tenant = '{UUID(int=0)}' AND")
        await tamper(filled, scoped)
    found = await verdicts(filled, checkpoints)
    assert (found[0] or "").startswith(expected)
    assert found[1] is None


async def test_a_chain_cut_off_with_its_own_end_is_noticed_by_the_signed_checkpoint(
    filled: Trust, checkpoints: CheckpointFile
) -> None:
    assert await checkpoint_chains(filled.worker, checkpoints) == 2
    assert await checkpoint_chains(filled.worker, checkpoints) == 0
    await tamper(filled, "DELETE FROM audit_row")
    await filled.execute("DELETE FROM audit_chain")
    assert [(broken or "").startswith("row 1 is missing") for broken in await verdicts(filled, checkpoints)] == [
        True,
        True,
    ]


async def test_a_forged_checkpoint_is_noticed_and_a_half_written_one_is_not_ours_to_mind(
    filled: Trust, checkpoints: CheckpointFile
) -> None:
    await checkpoint_chains(filled.worker, checkpoints)
    file = next(checkpoints.folder.iterdir())
    whole = file.read_bytes()
    file.write_bytes(whole + whole.splitlines()[0][:40])
    assert sum(len(found) for found in checkpoints.read().values()) == 2
    checkpoints.append({})
    assert file.read_bytes() == whole
    file.write_bytes(whole.replace(b'"height":6', b'"height":5'))
    with pytest.raises(CheckpointBroken):
        checkpoints.read()


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_row SET height = 9", "DELETE FROM audit_row", "TRUNCATE audit_row"]
)
@pytest.mark.parametrize("role", ["api", "worker", "owner"])
async def test_no_role_can_change_the_log(filled: Trust, role: str, statement: str) -> None:
    database = Database(getattr(filled.urls, f"{role}_url"), pool_size=1, application_name="test")
    with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
        async with database.transaction() as tx:
            await tx.execute(text(statement))
    await database.dispose()


async def test_an_erased_user_breaks_no_chain(filled: Trust, checkpoints: CheckpointFile) -> None:
    await filled.deliver(golden(UserErased, "erased"))
    assert await verdicts(filled, checkpoints) == [None, None]


def test_everything_that_the_registry_promises_to_trust_is_listened_to() -> None:
    promised = {event.event_type for topic in consumed_by("trust") for event in topic.events}
    assert subscriptions.listed == promised
    assert promised <= set(EVENTS)
