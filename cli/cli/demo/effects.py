"""What a completed work order makes of five services, as their APIs show it, and how long each effect took."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli.client.gateway import Refused
from cli.demo.cast import Cast
from cli.demo.narrator import money
from cli.demo.telegram import TelegramDouble
from cli.demo.visit import Completed

_POLL = 0.05

type Look = Callable[[], Awaitable[str | None]]
"""What it found, as a person reads it; None while the effect is not there."""


@dataclass(frozen=True)
class Effect:
    """`seconds` from the completion's answer; None when it did not come in time."""

    service: str
    name: str
    seconds: float | None
    found: str


class Effects:
    """Looks as the people concerned would: the car's owner, mostly."""

    def __init__(self, cast: Cast, completed: Completed, telegram: TelegramDouble | None) -> None:
        self._customer = cast.customer
        self._completed = completed
        self._telegram = telegram
        self._car = f"/v1/cars/{completed.car_id}"

    async def watch(self, told: Callable[[Effect], None], deadline: float) -> list[Effect]:
        """All effects at once; `told` hears of each as it comes, or when the deadline (seconds) has passed."""
        looks: list[tuple[str, str, Look]] = [
            ("workorders", "immutable snapshot", self._snapshot),
            ("owners", "service entry", self._service_entry),
            ("owners", "expense", self._expense),
            ("owners", "odometer reading", self._reading),
            ("trust", "recommendations", self._recommendations),
            ("trust", "audit row", self._audit),
            ("trust", "timeline", self._timeline),
            ("trust", "vehicle score", self._score),
            ("notifier", "inbox", self._inbox),
        ]
        if self._telegram is not None:
            looks.append(("notifier", "Telegram message", self._message))
        return list(await asyncio.gather(*(self._wait(*look, told, deadline) for look in looks)))

    async def _wait(
        self, service: str, name: str, look: Look, told: Callable[[Effect], None], deadline: float
    ) -> Effect:
        effect = Effect(service, name, None, "missing")
        while time.monotonic() - self._completed.at < deadline:
            try:
                found = await look()
            except Refused as refused:
                effect = Effect(service, name, None, str(refused))
            else:
                if found is not None:
                    effect = Effect(service, name, time.monotonic() - self._completed.at, found)
                    break
            await asyncio.sleep(_POLL)
        told(effect)
        return effect

    async def _snapshot(self) -> str | None:
        answer = await self._customer.get(f"/v1/work-orders/{self._completed.id}/snapshot")
        claimed = str(answer.body["sha256"])
        return f"SHA-256 {claimed[:12]}… verified" if sha256_of(answer.body["snapshot"]) == claimed else None

    async def _service_entry(self) -> str | None:
        entry = await self._first(f"{self._car}/service-entries", _of_order(self._completed.id))
        return None if entry is None else f"{entry['service_date']}, {len(entry['lines'])} lines, {entry['provenance']}"

    async def _expense(self) -> str | None:
        entry = await self._first(f"{self._car}/expenses", _of_order(self._completed.id))
        return None if entry is None else money(entry["amount"])

    async def _reading(self) -> str | None:
        reading = await self._first(f"{self._car}/odometer", _of_order(self._completed.id))
        shown = None if reading is None else reading["odometer"]
        return None if shown is None else f"{shown['value']} {shown['unit']}: {shown['verdict']}"

    async def _recommendations(self) -> str | None:
        snapshot = (await self._customer.get(f"/v1/work-orders/{self._completed.id}/snapshot")).body["snapshot"]
        wanted = expected_recommendations(snapshot)
        found = [
            row
            for row in (await self._customer.get(f"{self._car}/recommendations?limit=100")).body["data"]
            if row["work_order_id"] == self._completed.id
        ]
        return ", ".join(sorted(row["title"] for row in found)) or "none due" if len(found) == wanted else None

    async def _audit(self) -> str | None:
        path = f"/v1/audit?subject={self._completed.id}&action=workorders.workorder.completed.v1"
        row = await self._first(path, lambda _row: True)
        return None if row is None else f"row {row['height']} of the center's chain, {row['hash'][:12]}…"

    async def _timeline(self) -> str | None:
        row = await self._first(
            f"{self._car}/timeline?kind=work_order_completed", _field("work_order_id", self._completed.id)
        )
        return None if row is None else f"work order {row['details']['number']}"

    async def _score(self) -> str | None:
        score = (await self._customer.get(f"{self._car}/score")).body
        attested = any(part["name"] == "attested" and part["earned"] > 0 for part in score["parts"])
        return f"{score['value']} of 100" if attested else None

    async def _inbox(self) -> str | None:
        row = await self._first("/v1/notifications?limit=100", self._is_about_completion)
        return None if row is None else str(row["title"])

    async def _message(self) -> str | None:
        row = await self._first("/v1/notifications?limit=100", self._is_about_completion)
        if row is None or row["delivery"]["state"] != "sent" or self._telegram is None:
            return None
        messages = await self._telegram.messages(self._customer)
        return "delivered" if any(row["title"] in str(message.get("text")) for message in messages) else None

    def _is_about_completion(self, row: Mapping[str, Any]) -> bool:
        return bool(row["template"] == "work-order-completed" and row["subject"]["id"] == self._completed.id)

    async def _first(self, path: str, wanted: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any] | None:
        rows: list[dict[str, Any]] = (await self._customer.get(path)).body["data"]
        return next((row for row in rows if wanted(row)), None)


def sha256_of(document: Any) -> str:
    """SHA-256 of the RFC 8785 canonical JSON, hex: what anybody can compute again."""
    import rfc8785  # noqa: PLC0415 -- slow start otherwise

    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def expected_recommendations(snapshot: Mapping[str, Any]) -> int:
    """One for each line with a next service, and one for each declined job."""
    lines = [line for job in snapshot["jobs"] for line in (*job["labor"], *job["products"])]
    return sum(line["next_service"] is not None for line in lines) + len(snapshot["declined"])


def _of_order(work_order_id: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: (row.get("attestation") or {}).get("work_order_id") == work_order_id


def _field(name: str, value: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row.get(name) == value
