import asyncio
from uuid import uuid4

import pytest

from sto.settings import StoSettings
from sto.wiring import service
from tests.service.sto.conftest import Sto
from tests.support.people import Person


async def moderator(sto: Sto, *arguments: str, settings: StoSettings | None = None) -> int:
    """`python -m sto moderator …`, on a thread of its own because it runs a loop of its own."""
    run = sto.service.commands["moderator"]
    if settings is not None:
        run = service(settings).commands["moderator"]
    return await asyncio.to_thread(run, list(arguments))


async def test_operators_name_and_dismiss_moderators(sto: Sto, capsys: pytest.CaptureFixture[str]) -> None:
    person = Person()
    queue = "/v1/moderation/verifications"
    assert (await sto.get(queue, person)).status_code == 403
    for _ in range(2):
        assert await moderator(sto, "add", str(person.user_id)) == 0
    assert (await sto.get(queue, person)).status_code == 200
    assert await moderator(sto, "list") == 0
    for _ in range(2):
        assert await moderator(sto, "remove", str(person.user_id)) == 0
    assert (await sto.get(queue, person)).status_code == 403
    said = capsys.readouterr().out
    for sentence in ("is a moderator now", "was a moderator already", "is no longer a moderator", "was no moderator"):
        assert f"{person.user_id} {sentence}\n" in said
    assert f"{person.user_id}  since " in said


async def test_the_owners_database_role_serves_where_it_is_the_only_one_given(sto: Sto) -> None:
    settings = StoSettings(database_owner_url=sto.urls.owner_url)
    assert await moderator(sto, "add", str(uuid4()), settings=settings) == 0
    assert len(await sto.rows("SELECT * FROM moderator")) == 2


async def test_a_wrong_call_changes_nothing_and_says_why(sto: Sto, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["add"], ["list", "all"], ["promote", str(uuid4())], ["add", "anna"]):
        assert await moderator(sto, *arguments) == 2
        assert capsys.readouterr().err
    assert len(await sto.rows("SELECT * FROM moderator")) == 1
