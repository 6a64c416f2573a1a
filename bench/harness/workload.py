"""Cars and completed work orders: deterministic, and shaped as the contract's golden example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg
import orjson

from bench.harness.kafka import KafkaRecord
from chassis.outbox import cloud_event_headers, event_payload
from contracts.schemas import EXAMPLES
from contracts.workorders import WorkOrderCompleted

_NAMESPACE: Final = UUID("0192f0c1-7b7e-7c3c-9a51-5d2f0b6f1a10")
_FIRST_VISIT: Final = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
_BETWEEN_VISITS: Final = timedelta(days=120)
_KM_BETWEEN_VISITS: Final = 4_000
_CENTERS: Final = 50
_REGISTERED: Final = datetime(2023, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Completion:
    """A completed order and the id of its event."""

    event_id: UUID
    event: WorkOrderCompleted

    def record(self, topic: str | None = None) -> KafkaRecord:
        """What the relay would send."""
        headers = cloud_event_headers(self.event, self.event_id, None)
        return KafkaRecord(
            topic or self.event.topic,
            self.event.key.encode(),
            event_payload(self.event),
            [(name, value.encode()) for name, value in headers.items()],
        )


def completions(count: int, cars: int) -> Iterator[Completion]:
    """Visit after visit of all cars in turns: in a batch nearly every event is of another car."""
    example = orjson.loads((EXAMPLES / WorkOrderCompleted.event_type / "brakes.json").read_bytes())
    for number in range(count):
        visit, car = divmod(number, cars)
        yield Completion(_id("event", number), _completed(example, number, car, visit))


async def register_cars(connection: asyncpg.Connection, count: int) -> None:
    """In owners' tables, what the cars of `completions` need to be there."""
    owners, cars = [_id("owner", number) for number in range(count)], [_id("car", number) for number in range(count)]
    await connection.execute(
        """
        INSERT INTO app_user (id, display_name, locale, time_zone, currency, distance_unit, volume_unit, created_at,
            sequence, profile_sequence, version)
        SELECT id, 'Owner', 'ru', 'Europe/Moscow', 'RUB', 'km', 'l', $2, 1, 1, 1 FROM unnest($1::uuid[]) AS id
        """,
        owners,
        _REGISTERED,
    )
    await connection.execute(
        """
        INSERT INTO car (id, owner_id, vin, make, model, year, tags, energy_kinds, odometer_unit, currency, created_at,
            updated_at, sequence, record_sequence, version)
        SELECT id, owner_id, vin, 'Lada', 'Vesta', 2018, '{}', '{petrol}', 'km', 'RUB', $4, $4, 1, 0, 1
        FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS new (id, owner_id, vin)
        """,
        cars,
        owners,
        [_vin(number) for number in range(count)],
        _REGISTERED,
    )
    await connection.execute("ANALYZE")


def _completed(example: dict[str, Any], number: int, car: int, visit: int) -> WorkOrderCompleted:
    at = _FIRST_VISIT + visit * _BETWEEN_VISITS + timedelta(minutes=number % 480)
    km = 30_000 + car % 1_000 * 100 + visit * _KM_BETWEEN_VISITS
    ids = {
        "work_order_id": _id("order", number),
        "owner_id": _id("owner", car),
        "number": number + 1,
    }
    car_id, center_id = _id("car", car), _id("center", car % _CENTERS)
    snapshot = example["snapshot"]
    odometer = {"readable": True, "value": str(km), "unit": "km", "km": km, "measured_at": at}
    changed = {
        **ids,
        "center": snapshot["center"] | {"center_id": center_id},
        "car": snapshot["car"] | {"car_id": car_id, "vin": _vin(car), "frame_number": None},
        "odometer": snapshot["odometer"] | odometer,
        "opened_at": at - timedelta(hours=5),
        "completed_at": at,
        "completed_on": at.date().isoformat(),
    }
    return WorkOrderCompleted.model_validate(
        example | ids | {"car_id": car_id, "center_id": center_id, "occurred_at": at, "snapshot": snapshot | changed}
    )


def _vin(car: int) -> str:
    return f"XTA21099{car:09}"


def _id(kind: str, number: int) -> UUID:
    return uuid5(_NAMESPACE, f"{kind} {number}")
