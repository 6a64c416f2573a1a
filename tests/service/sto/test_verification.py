import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sto.commands.accept_invitation import accept_invitation
from tests.service.sto.conftest import DOCUMENT, Sto
from tests.support.people import Person

QUEUE = "/v1/moderation/verifications"


async def queued(sto: Sto, **parameters: Any) -> list[dict[str, Any]]:
    answer = await sto.get(QUEUE, sto.moderator, **parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


async def test_a_center_is_approved_step_by_step_and_every_step_names_who_took_it(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    application = await sto.submit(center, owner)
    await sto.moderate(application, "approve")
    assert (await sto.get(center, Person())).json()["verification"] == "approved"

    events = await sto.events("sto.center")
    assert [event["sequence"] for event in events] == [1, 2, 3, 4]
    assert [(event.get("previous"), event["verification"]) for event in events] == [
        (None, "draft"),
        ("draft", "submitted"),
        ("submitted", "in_review"),
        ("in_review", "approved"),
    ]
    staff = {"user_id": str(owner.user_id), "role": "owner"}
    moderator = {"user_id": str(sto.moderator.user_id), "role": "moderator"}
    assert [event["actor"] for event in events] == [staff, staff, moderator, moderator]


async def test_an_application_that_comes_back_is_sent_again_and_its_history_stays(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    first = await sto.submit(center, owner)
    await sto.moderate(first, "request_information", "The license is cut off.")
    second = await sto.submit(center, owner)
    await sto.moderate(second, "reject", "The license has expired.")
    third = await sto.submit(center, owner)
    await sto.moderate(third, "approve")
    await sto.moderate(third, "suspend", "Complaints.")
    await sto.moderate(third, "reinstate")

    history = (await sto.get(f"{center}/verification", owner)).json()
    assert history["status"] == "approved"
    told = [
        (application["number"], [(step["decision"], step["reason"]) for step in application["decisions"]])
        for application in history["applications"]
    ]
    assert told == [
        (3, [("take", None), ("approve", None), ("suspend", "Complaints."), ("reinstate", None)]),
        (2, [("take", None), ("reject", "The license has expired.")]),
        (1, [("take", None), ("request_information", "The license is cut off.")]),
    ]
    assert history["applications"][0]["documents"] == [DOCUMENT]
    moderators = {step["moderator_id"] for item in history["applications"] for step in item["decisions"]}
    assert moderators == {str(sto.moderator.user_id)}
    events = await sto.events("sto.center")
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [event["reason"] for event in events if event.get("reason")] == [
        "The license is cut off.",
        "The license has expired.",
        "Complaints.",
    ]


async def test_an_application_needs_documents_that_can_be_recognised(sto: Sto) -> None:
    owner = Person()
    path = f"{await sto.found(owner)}/verification"
    wrong: list[Any] = [
        [],
        [DOCUMENT | {"sha256": "ab"}],
        [DOCUMENT | {"media_type": "pdf"}],
        [DOCUMENT | {"url": "x"}],
    ]
    for documents in wrong:
        assert (await sto.post(path, owner, {"documents": documents})).status_code == 422
    assert (await sto.get(path, owner)).json()["status"] == "draft"


async def test_a_center_applies_once_at_a_time(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    await sto.submit(center, owner)
    again = await sto.post(f"{center}/verification", owner, {"documents": [DOCUMENT]})
    assert (again.status_code, again.json()["type"]) == (409, "urn:carpass:problem:verification-state")


async def test_moderation_is_for_moderators_and_tells_others_nothing(sto: Sto) -> None:
    owner = Person()
    application = await sto.submit(await sto.found(owner), owner)
    for person in (owner, Person()):
        assert (await sto.get(QUEUE, person)).status_code == 403
        for existing in (application, str(UUID(int=7))):
            taken = await sto.post(f"{QUEUE}/{existing}/review", person)
            decided = await sto.post(f"{QUEUE}/{existing}/decision", person, {"decision": "approve"})
            assert (taken.status_code, decided.status_code) == (403, 403)
    assert (await sto.post(f"{QUEUE}/{UUID(int=7)}/review", sto.moderator)).status_code == 404


@pytest.mark.parametrize("still_there", [True, False])
async def test_who_works_or_worked_at_a_center_never_decides_about_it(sto: Sto, still_there: bool) -> None:
    owner = Person()
    center = await sto.found(owner)
    token = await sto.invite(center, owner, "mechanic")
    employment = (await sto.accept(token, sto.moderator)).json()["id"]
    if not still_there:
        left = await sto.post(f"{center}/employees/{employment}/deactivation", sto.moderator)
        assert left.status_code == 200
    application = await sto.submit(center, owner)
    taken = await sto.post(f"{QUEUE}/{application}/review", sto.moderator)
    assert (taken.status_code, taken.json()["type"]) == (403, "urn:carpass:problem:own-center")
    assert (await sto.get(f"{center}", owner)).json()["verification"] == "submitted"


async def test_the_database_itself_refuses_a_decision_by_the_centers_own_staff(sto: Sto) -> None:
    center = await sto.found(sto.moderator)
    application = await sto.submit(center, sto.moderator)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with sto.api.transaction(user_id=sto.moderator.user_id) as tx:
            await tx.execute(
                text(
                    "INSERT INTO verification_decision SELECT gen_random_uuid(), id, center_id, 'approve', "
                    "'in_review', 'approved', :me, null, now() FROM verification_application WHERE id = :id"
                ),
                {"me": sto.moderator.user_id, "id": application},
            )


async def test_an_application_is_ruled_on_by_whoever_took_it_last(sto: Sto) -> None:
    owner, second = Person(), Person()
    await sto.execute("INSERT INTO moderator VALUES (:id, now())", id=second.user_id)
    path = f"{QUEUE}/{await sto.submit(await sto.found(owner), owner)}"
    approve = {"decision": "approve"}
    assert (await sto.post(f"{path}/decision", second, approve)).status_code == 409
    assert (await sto.post(f"{path}/review", sto.moderator)).status_code == 200
    assert (await sto.post(f"{path}/decision", second, approve)).status_code == 409
    assert (await sto.post(f"{path}/review", second)).status_code == 200
    assert (await sto.post(f"{path}/decision", sto.moderator, approve)).status_code == 409
    assert (await sto.post(f"{path}/decision", second, approve)).status_code == 200


async def test_a_ruling_against_a_center_needs_a_reason(sto: Sto) -> None:
    owner = Person()
    path = f"{QUEUE}/{await sto.submit(await sto.found(owner), owner)}"
    await sto.post(f"{path}/review", sto.moderator)
    for ruling in ("reject", "request_information"):
        answer = await sto.post(f"{path}/decision", sto.moderator, {"decision": ruling})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:carpass:problem:reason-required")


async def test_the_queue_holds_what_waits_for_a_moderator_the_longest_waiting_first(sto: Sto) -> None:
    owner = Person()
    names = ("First", "Second", "Third")
    waiting = [await sto.submit(await sto.found(owner, name=name), owner) for name in names]
    await sto.approved(owner, name="Approved")
    await sto.post(f"{QUEUE}/{waiting[1]}/review", sto.moderator)

    page = (await sto.get(QUEUE, sto.moderator, limit=2)).json()
    rest = (await sto.get(QUEUE, sto.moderator, limit=2, cursor=page["next_cursor"])).json()
    entries = page["data"] + rest["data"]
    assert [(entry["id"], entry["center_name"], entry["status"]) for entry in entries] == [
        (waiting[0], "First", "submitted"),
        (waiting[1], "Second", "in_review"),
        (waiting[2], "Third", "submitted"),
    ]
    assert [entry["reviewer_id"] for entry in entries] == [None, str(sto.moderator.user_id), None]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)
    assert [entry["center_name"] for entry in await queued(sto, status="approved")] == ["Approved"]


async def test_decisions_and_applications_are_never_changed_not_even_by_the_tables_owner(sto: Sto) -> None:
    await sto.approved(Person())
    for table in ("verification_application", "verification_decision"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608
            with pytest.raises(DBAPIError, match="append-only"):
                await sto.execute(statement)


async def test_a_moderator_who_is_just_joining_a_center_does_not_decide_about_it_a_moment_before(sto: Sto) -> None:
    owner, moderator = Person(), sto.moderator
    center = await sto.found(owner)
    token = await sto.invite(center, owner, "mechanic")
    application = await sto.submit(center, owner)
    async with sto.api.transaction(user_id=moderator.user_id) as joining:
        await accept_invitation(joining, token=token, caller_id=moderator.user_id, now=sto.clock.now)
        deciding = asyncio.create_task(sto.post(f"{QUEUE}/{application}/review", moderator))
        await sto.until_a_request_waits_for_a_lock()
    assert (await deciding).status_code == 403
