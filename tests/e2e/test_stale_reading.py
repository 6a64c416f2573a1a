"""A car whose odometer was read long ago: the worker asks its owner, who finds the question in the inbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from cli.client.gateway import Gateway
from cli.stack.stack import Stack
from tests.e2e.playing import PATIENCE, newcomer
from tests.support.eventually import eventually

SWEEP_NOW = "UPDATE timer SET due_at = now(), run_at = now() WHERE kind = 'reading-sweep' RETURNING 1"


async def test_owner_of_a_car_read_long_ago_finds_a_question_and_answers_it(stack: Stack, gateway: Gateway) -> None:
    owner = await newcomer(stack, gateway, "asked", "en")
    named = {"make": "Lada", "model": "Niva", "currency": "RUB"}
    car = (await owner.post("/v1/cars", named)).body["id"]
    read_on = str((datetime.now(UTC) - timedelta(days=70)).date())
    odometer = {"value": "187420", "unit": "km"}
    await owner.post(f"/v1/cars/{car}/odometer", {"odometer": odometer, "observed_on": read_on})

    async def swept() -> bool:
        connection = await asyncpg.connect(stack.superuser_url("owners"))
        try:
            return bool(await connection.fetch(SWEEP_NOW))
        finally:
            await connection.close()

    async def questions() -> list[dict[str, Any]]:
        inbox = (await owner.get("/v1/notifications")).body["data"]
        return [told for told in inbox if told["template"] == "odometer-stale"]

    async def asked() -> bool:
        return len(await questions()) > 0

    await eventually(swept, within=PATIENCE)  # the worker has set the timer when it started
    await eventually(asked, within=PATIENCE)
    [question] = await questions()
    assert question["title"] == "What does the odometer of Lada Niva show now?"
    assert question["subject"] == {"kind": "car", "id": car}
    answer = await owner.post(f"/v1/cars/{car}/odometer", {"odometer": odometer | {"value": "189000"}})
    assert answer.body["odometer"]["verdict"] == "ok"
