"""What the api role sees and does when the queries forget their WHERE, and what it may not do at all."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from contracts.owners import ProfileUpdated
from sto.db.models import metadata
from tests.service.sto.conftest import Sto
from tests.support.golden import golden
from tests.support.people import Person

TABLES = tuple(metadata.tables)
PRESENTED = ("carpass.invitation_hash", "carpass.car_id")


@dataclass
class TwoCenters:
    """Everything there is at two centers that have nothing to do with each other, seen through the api role."""

    sto: Sto
    mine: Person
    theirs: Person
    car_owner: Person
    my_center: UUID
    their_center: UUID

    async def visible(self, table: str, person: Person | None, **presented: str) -> list[Any]:
        """Every row of the table that this person's transaction sees, without any WHERE."""
        async with self.sto.api.transaction(user_id=person.user_id if person else None) as tx:
            for name, value in presented.items():
                await tx.execute(
                    text("SELECT set_config(:name, :value, true)"), {"name": f"carpass.{name}", "value": value}
                )
            return list((await tx.execute(text(f"SELECT * FROM {table}"))).all())  # noqa: S608

    async def centers_in(self, table: str, person: Person | None) -> set[UUID]:
        column = "id" if table == "service_center" else "center_id"
        return {getattr(row, column) for row in await self.visible(table, person)}


@pytest.fixture
async def two(sto: Sto) -> TwoCenters:
    mine, theirs, car_owner = Person(), Person(), Person()
    centers = {}
    for owner in (mine, theirs):
        center = await sto.approved(owner)
        mechanic, _ = await sto.hire(center, owner, "mechanic")
        await sto.invite(center, owner, "manager")
        await sto.linked(center, owner, car_owner if owner is theirs else Person())
        for person in (owner, mechanic):
            await sto.deliver(golden(ProfileUpdated, "name", user_id=person.user_id, sequence=1))
        centers[owner.user_id] = UUID(center.rpartition("/")[2])
    # Unapproved, so that no row of theirs is public.
    await sto.execute("UPDATE service_center SET verification = 'suspended'")
    return TwoCenters(sto, mine, theirs, car_owner, centers[mine.user_id], centers[theirs.user_id])


SCOPED = ("service_center", "verification_application", "verification_decision", "employee", "invitation", "car_link")


async def test_a_centers_people_see_its_rows_and_no_others(two: TwoCenters) -> None:
    for person, center in ((two.mine, two.my_center), (two.theirs, two.their_center)):
        seen = {table: await two.centers_in(table, person) for table in SCOPED}
        assert seen == {table: {center} for table in SCOPED}


async def test_a_stranger_and_a_transaction_without_a_user_see_nothing(two: TwoCenters) -> None:
    for person in (Person(), None):
        seen = {table: await two.visible(table, person) for table in TABLES}
        assert seen == {table: [] for table in TABLES}


async def test_names_are_seen_by_colleagues_only(two: TwoCenters) -> None:
    colleagues = {row.user_id for row in await two.visible("employee", two.mine)}
    assert len(colleagues) == 2
    assert {row.user_id for row in await two.visible("person", two.mine)} == colleagues


async def test_a_cars_owner_sees_the_car_its_links_and_their_centers(two: TwoCenters) -> None:
    assert await two.centers_in("car_link", two.car_owner) == {two.their_center}
    assert await two.centers_in("service_center", two.car_owner) == {two.their_center}
    assert [row.owner_id for row in await two.visible("car", two.car_owner)] == [two.car_owner.user_id]
    assert await two.visible("employee", two.car_owner) == []


async def test_a_moderator_sees_centers_and_verifications_and_nothing_else(two: TwoCenters) -> None:
    everywhere = {two.my_center, two.their_center}
    moderator = two.sto.moderator
    for table in ("service_center", "verification_application", "verification_decision"):
        assert await two.centers_in(table, moderator) == everywhere
    for table in ("employee", "invitation", "car_link", "car", "person"):
        assert await two.visible(table, moderator) == []
    assert [row.user_id for row in await two.visible("moderator", moderator)] == [moderator.user_id]


async def test_who_names_a_car_or_presents_an_invitation_sees_that_one_row(two: TwoCenters) -> None:
    (car,) = await two.visible("car", two.car_owner)
    (invitation,) = [row for row in await two.visible("invitation", two.theirs) if row.accepted_at is None]
    assert [row.id for row in await two.visible("car", Person(), car_id=str(car.id))] == [car.id]
    presented = await two.visible("invitation", Person(), invitation_hash=invitation.token_hash.hex())
    assert [row.id for row in presented] == [invitation.id]
    assert await two.visible("invitation", Person(), invitation_hash="00" * 32) == []


async def test_what_was_presented_is_forgotten_with_its_transaction(two: TwoCenters) -> None:
    """The pool hands out the last used connection first: the very one that a use case presented something on."""
    for _ in range(3):
        async with two.sto.api.transaction(user_id=two.mine.user_id) as tx:
            for name in PRESENTED:
                left = await tx.execute(text("SELECT current_setting(:name, true)"), {"name": name})
                assert not left.scalar_one()


async def test_an_update_without_a_where_stays_within_the_center(two: TwoCenters) -> None:
    for statement in (
        "UPDATE service_center SET name = 'mine'",
        "UPDATE employee SET role = 'owner'",
        "UPDATE invitation SET withdrawn_at = now()",
    ):
        table = statement.split()[1]
        before = await two.visible(table, two.theirs)
        async with two.sto.api.transaction(user_id=two.mine.user_id) as tx:
            assert (await tx.execute(text(statement))).rowcount > 0
        assert await two.visible(table, two.theirs) == before


async def test_only_the_cars_owner_changes_a_link(two: TwoCenters) -> None:
    for person, changed in ((two.mine, 0), (two.theirs, 0), (two.sto.moderator, 0), (two.car_owner, 1)):
        async with two.sto.api.transaction(user_id=person.user_id) as tx:
            updated = await tx.execute(text("UPDATE car_link SET status = 'declined'"))
            assert updated.rowcount == changed


FORGED = {
    "an employment at another's center": (
        "INSERT INTO employee VALUES (gen_random_uuid(), :their_center, :me, 'owner', true, now(), null, 1, 1)"
    ),
    "an employment for somebody else": (
        "INSERT INTO employee VALUES (gen_random_uuid(), :my_center, :other, 'manager', true, now(), null, 1, 1)"
    ),
    "an invitation to another's center": (
        "INSERT INTO invitation VALUES (gen_random_uuid(), :their_center, 'owner', '\\x00', :me, now(), now())"
    ),
    "an application of another's center": (
        "INSERT INTO verification_application VALUES (gen_random_uuid(), :their_center, 9, :me, now(), null, '[]')"
    ),
    "a decision without the office": (
        "INSERT INTO verification_decision SELECT gen_random_uuid(), application_id, id, 'approve', 'in_review', "
        "'approved', :me, null, now() FROM service_center WHERE id = :my_center"
    ),
    "a link of another's center": (
        "INSERT INTO car_link VALUES (gen_random_uuid(), :other, :other, 'x', :their_center, '{odometer}', "
        "'requested', :me, now(), null, null, null, 1, 1)"
    ),
    "a link that is approved from the start": (
        "INSERT INTO car_link VALUES (gen_random_uuid(), :other, :other, 'x', :my_center, '{odometer}', 'approved', "
        ":me, now(), null, null, null, 1, 1)"
    ),
}


async def test_the_database_refuses_to_add_what_its_tenant_may_not(two: TwoCenters) -> None:
    everything = {
        "me": two.mine.user_id,
        "other": uuid4(),
        "my_center": two.my_center,
        "their_center": two.their_center,
    }
    for statement in FORGED.values():
        used = {name: value for name, value in everything.items() if f":{name}" in statement}
        with pytest.raises(DBAPIError, match="row-level security"):
            async with two.sto.api.transaction(user_id=two.mine.user_id) as tx:
                await tx.execute(text(statement), used)


DENIED_TO_API = [
    "CREATE TABLE mine (id int)",
    "ALTER TABLE service_center ADD COLUMN mine int",
    "DROP TABLE employee",
    "ALTER TABLE employee DISABLE ROW LEVEL SECURITY",
    "UPDATE service_center SET created_by = created_by",
    "UPDATE employee SET user_id = user_id",
    "UPDATE invitation SET token_hash = token_hash",
    "UPDATE car_link SET owner_id = owner_id",
    "INSERT INTO moderator VALUES (gen_random_uuid(), now())",
    "UPDATE car SET plate = plate",
    "UPDATE person SET display_name = display_name",
    "UPDATE verification_application SET id = id",
    "UPDATE verification_decision SET id = id",
    *(f"DELETE FROM {table}" for table in TABLES),  # noqa: S608
    *(f"TRUNCATE {table} CASCADE" for table in TABLES),
]
DENIED_TO_WORKER = [
    "CREATE TABLE mine (id int)",
    "SELECT * FROM employee",
    "SELECT * FROM invitation",
    "SELECT * FROM verification_application",
    "UPDATE service_center SET name = name",
    "UPDATE car_link SET owner_id = owner_id",
    "SELECT centers_of_caller()",
    "DELETE FROM car",
]


async def test_the_working_roles_have_no_more_privileges_than_they_need(sto: Sto) -> None:
    for database, denied in ((sto.api, DENIED_TO_API), (sto.worker, DENIED_TO_WORKER)):
        for statement in denied:
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                async with database.transaction(user_id=uuid4()) as tx:
                    await tx.execute(text(statement))


async def test_every_table_has_row_level_security(sto: Sto) -> None:
    rows = await sto.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity")
    assert {row.relname for row in rows} == {*TABLES, "idempotency_key"}


async def test_the_models_are_what_the_migrations_make(sto: Sto) -> None:
    def differences(connection: Connection) -> list[Any]:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in TABLES}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with sto.owner.transaction() as tx:
        assert await tx.connection.run_sync(differences) == []
