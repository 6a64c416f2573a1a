import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest
import rfc8785

from tests.service.workorders.garage import Garage

JOB_TOTAL = 825_050


async def _sent(garage: Garage) -> str:
    order = await garage.open()
    await garage.job(order)
    await garage.done(order, "estimate", body={"tolerance": {"amount_minor": 50_000, "currency": "RUB"}})
    return order


async def _evidence(garage: Garage, order: str, **changes: Any) -> dict[str, Any]:
    return {
        **await garage.decisions(order),
        "channel": "phone",
        "given_by": "representative",
        "given_at": "2026-03-16T08:55:00Z",
        "reason": "Перезвонил сам, согласен",
        "added_cost": {"amount_minor": JOB_TOTAL, "currency": "RUB"},
        "revised_total": {"amount_minor": JOB_TOTAL, "currency": "RUB"},
        **changes,
    }


async def test_a_frozen_version_can_be_verified_by_whoever_reads_it(garage: Garage) -> None:
    order = await _sent(garage)
    version = (await garage.get(f"{order}/estimates/1", "car_owner")).json()
    assert hashlib.sha256(rfc8785.dumps(version["content"])).hexdigest() == version["sha256"]
    assert version["content"]["totals"]["total_minor"] == version["total"]["amount_minor"] == JOB_TOTAL
    assert version["content"]["tolerance_minor"] == version["tolerance"]["amount_minor"] == 50_000
    (event,) = [event for event in await garage.events() if event["type"] == "estimate-sent"]
    assert event["estimate_sha256"] == version["sha256"]
    assert event["order_version"] == (await garage.order(order))["version"]
    assert event["jobs"] == [
        {
            "job_id": version["content"]["jobs"][0]["job_id"],
            "title": "Передние тормоза",
            "total_minor": JOB_TOTAL,
            "status": "sent",
        }
    ]


async def test_versions_stay_readable_with_what_became_of_them(garage: Garage) -> None:
    order = await _sent(garage)
    await garage.done(order, "withdrawal", body={"reason": "Нашли дешевле"})
    found = await garage.order(order)
    job = f"{order}/jobs/{found['jobs'][0]['id']}"
    await garage.send(
        "PATCH", f"{job}/labor/{found['jobs'][0]['labor'][0]['id']}", body={"rate": "2000"}, version=found["version"]
    )
    await garage.done(order, "estimate")
    await garage.answer(order)
    await garage.job(order, "Масло")
    await garage.done(order, "estimate")
    first = (await garage.get(f"{order}/estimates", limit=2)).json()
    rest = (await garage.get(f"{order}/estimates", cursor=first["next_cursor"])).json()
    listed = first["data"] + rest["data"]
    assert [(each["version"], each["state"]) for each in listed] == [(1, "superseded"), (2, "decided"), (3, "open")]
    assert (await garage.get(f"{order}/estimates/4")).status_code == 404
    assert (await garage.get(f"{order}/estimates/0")).status_code == 404


async def test_a_stale_version_is_a_conflict(garage: Garage) -> None:
    order = await _sent(garage)
    old = await garage.decisions(order)
    await garage.done(order, "withdrawal")
    await garage.done(order, "estimate")
    answer = await garage.act(order, "approval", "car_owner", old)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:stale-estimate")


async def test_a_job_is_decided_once(garage: Garage) -> None:
    order = await garage.open()
    await garage.job(order)
    await garage.job(order, "Масло")
    await garage.done(order, "estimate")
    both = await garage.decisions(order)
    one = both | {"decisions": both["decisions"][:1]}
    assert (await garage.done(order, "approval", "car_owner", one))["status"] == "approved"
    again = await garage.act(order, "approval", "car_owner", both)
    assert (again.status_code, again.json()["type"]) == (409, "urn:carpass:problem:job-decided")
    assert [job["status"] for job in (await garage.order(order))["jobs"]] == ["authorised", "sent"]


@pytest.mark.parametrize(
    "body",
    [
        {"decisions": []},
        {"estimate_version": "1"},
        {"estimate_version": 2**31},
        {"decisions": [{"job_id": "x", "decision": "authorise"}]},
        {"decisions": [{"job_id": "0198f3a2-7c1e-7001-8b1d-4f6e2a9c0001", "decision": "maybe"}]},
        {"decisions": [{"job_id": "0198f3a2-7c1e-7001-8b1d-4f6e2a9c0001", "decision": "decline"}] * 2},
        {"decisions": [{"job_id": "0198f3a2-7c1e-7001-8b1d-4f6e2a9c0001", "decision": "decline"}]},
    ],
    ids=str,
)
async def test_answer_that_breaks_a_rule_is_refused(garage: Garage, body: dict[str, Any]) -> None:
    order = await _sent(garage)
    answer = await garage.act(order, "approval", "car_owner", await garage.decisions(order) | body)
    assert answer.status_code == 422, answer.text
    assert (await garage.order(order))["status"] == "awaiting_approval"


async def test_consent_is_recorded_with_its_evidence(garage: Garage) -> None:
    order = await _sent(garage)
    agreed = await garage.done(order, "consent", "receptionist", await _evidence(garage, order))
    authorisation = agreed["jobs"][0]["authorisation"]
    assert (authorisation["role"], authorisation["channel"]) == ("receptionist", "phone")
    assert authorisation["decided_by"] == str(garage.people["receptionist"].user_id)
    (row,) = await garage.rows("SELECT * FROM decision")
    assert (row.channel, row.given_by, row.reason) == ("phone", "representative", "Перезвонил сам, согласен")
    assert (row.added_minor, row.revised_total_minor) == (JOB_TOTAL, JOB_TOTAL)
    (event,) = [event for event in await garage.events() if event["type"] == "estimate-decided"]
    assert event["consent_channel"] == "phone"
    assert "согласен" not in str(event)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"added_cost": {"amount_minor": JOB_TOTAL - 1, "currency": "RUB"}}, "/added_cost"),
        ({"revised_total": {"amount_minor": 0, "currency": "RUB"}}, "/revised_total"),
        ({"revised_total": {"amount_minor": JOB_TOTAL, "currency": "USD"}}, "/revised_total"),
        ({"given_at": "2026-03-16T09:00:01Z"}, "/given_at"),
        ({"given_at": "2026-03-16T08:00:00"}, "/given_at"),
        ({"reason": " "}, "/reason"),
        ({"channel": "owner"}, "/channel"),
        ({"given_by": "Иван Петров"}, "/given_by"),
        ({"given_by_name": "Иван Петров"}, "/given_by_name"),
    ],
    ids=str,
)
async def test_consent_without_proper_evidence_is_refused(
    garage: Garage, changes: dict[str, Any], pointer: str
) -> None:
    order = await _sent(garage)
    answer = await garage.act(order, "consent", "manager", await _evidence(garage, order, **changes))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await garage.rows("SELECT 1 FROM decision") == []


async def test_an_estimate_expires_after_fourteen_days(garage: Garage) -> None:
    order = await _sent(garage)
    garage.clock.advance(timedelta(days=14) - timedelta(seconds=1))
    await garage.run_timers()
    assert (await garage.order(order))["status"] == "awaiting_approval"
    garage.clock.advance(timedelta(seconds=1))
    late = await garage.act(order, "approval", "car_owner", await garage.decisions(order))
    assert late.status_code == 409, "whether the timer has run yet makes no difference"
    await garage.run_timers()
    found = await garage.order(order)
    assert (found["status"], found["estimate"]["state"], found["jobs"][0]["status"]) == (
        "draft",
        "superseded",
        "proposed",
    )
    last = (await garage.events())[-1]
    assert (last["type"], last["reason"], last["actor"]) == (
        "estimate-superseded",
        "expired",
        {"user_id": None, "role": "system"},
    )
    (change,) = [row for row in (await garage.get(f"{order}/history")).json()["data"] if row["role"] == "system"]
    assert (change["to_status"], change["actor_id"]) == ("draft", None)
    assert await garage.rows("SELECT 1 FROM timer") == []


async def test_a_declined_order_becomes_a_draft_when_its_estimate_expires(garage: Garage) -> None:
    order = await _sent(garage)
    assert (await garage.answer(order, "decline"))["status"] == "declined"
    garage.clock.advance(timedelta(days=14))
    await garage.run_timers()
    assert (await garage.order(order))["status"] == "draft"
    assert await garage.rows("SELECT 1 FROM dead_letter") == []


async def test_only_the_unanswered_jobs_of_an_order_under_way_expire(garage: Garage) -> None:
    order = await garage.approved()
    await garage.done(order, "start")
    garage.clock.advance(timedelta(days=1))
    await garage.job(order, "Масло")
    await garage.done(order, "estimate", body={"discount": {"amount_minor": 1_000, "currency": "RUB"}})
    garage.clock.advance(timedelta(days=14))
    await garage.run_timers()
    found = await garage.order(order)
    assert (found["status"], [job["status"] for job in found["jobs"]]) == ("in_progress", ["authorised", "proposed"])
    assert found["jobs"][1]["amounts"]["discount"]["amount_minor"] == 0


async def test_a_version_that_was_replaced_or_closed_does_not_expire(garage: Garage) -> None:
    order = await _sent(garage)
    await garage.done(order, "withdrawal")
    garage.clock.advance(timedelta(days=10))
    await garage.done(order, "estimate")
    completed = await garage.completed()
    garage.clock.advance(timedelta(days=10))
    await garage.run_timers()
    assert (await garage.order(order))["status"] == "awaiting_approval"
    assert (await garage.order(completed))["status"] == "completed"
    garage.clock.advance(timedelta(days=4))
    await garage.run_timers()
    assert (await garage.order(order))["status"] == "draft"


async def test_an_answer_and_the_expiry_at_once_have_one_outcome(garage: Garage) -> None:
    order = await _sent(garage)
    decisions, version = await garage.decisions(order), await garage.version(order)
    garage.clock.advance(timedelta(days=14))
    answer, _ = await asyncio.gather(
        garage.post(f"{order}/approval", "car_owner", decisions, version=version), garage.run_timers()
    )
    assert answer.status_code in {409, 412}
    assert (await garage.order(order))["status"] == "draft"


async def test_an_estimate_needs_something_to_send(garage: Garage) -> None:
    order = await garage.open()
    await garage.post(f"{order}/jobs", body={"title": "Без строк"})
    answer = await garage.act(order, "estimate")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:nothing-to-send")


@pytest.mark.parametrize(
    "body",
    [
        {"discount": {"amount_minor": JOB_TOTAL + 1, "currency": "RUB"}},
        {"discount": {"amount_minor": 1, "currency": "USD"}},
        {"tolerance": {"amount_minor": 1, "currency": "USD"}},
        {"tolerance": {"amount_minor": 10**15 + 1, "currency": "RUB"}},
        {"valid_until": "2030-01-01T00:00:00Z"},
    ],
    ids=str,
)
async def test_terms_that_break_a_rule_are_refused(garage: Garage, body: dict[str, Any]) -> None:
    order = await garage.open()
    await garage.job(order)
    assert (await garage.act(order, "estimate", body=body)).status_code == 422
    assert (await garage.order(order))["status"] == "draft"
