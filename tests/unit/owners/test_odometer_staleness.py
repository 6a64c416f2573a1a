from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from owners.domain.car import Car
from owners.domain.odometer.staleness import ASKED_EVERY, STALE_AFTER, LastReading

NOW = datetime(2026, 6, 14, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
NAMES = {
    "vin": None,
    "frame_number": None,
    "plate": None,
    "nickname": None,
    "make": "Lada",
    "model": None,
    "year": None,
}
PURCHASE = dict.fromkeys(name for name in Car._fields if name.startswith("purchase_"))
CAR = Car.registered(
    uuid4(),
    uuid4(),
    NAMES | PURCHASE | {"tags": [], "energy_kinds": [], "odometer_unit": "km", "currency": "RUB"},
    NOW - timedelta(days=900),
)
STALE = LastReading(
    uuid4(),
    Decimal(187_420),
    "km",
    187_420,
    date(2026, 3, 15),
    NOW - STALE_AFTER - MOMENT,
    owner_erased=False,
    asked_at=None,
)


@pytest.mark.parametrize(
    ("last", "asked"),
    [
        (STALE, True),
        (STALE._replace(read_at=NOW - STALE_AFTER), False),
        (STALE._replace(asked_at=NOW - ASKED_EVERY), True),
        (STALE._replace(asked_at=NOW - ASKED_EVERY + MOMENT), False),
        (STALE._replace(owner_erased=True), False),
    ],
)
def test_owner_is_asked_after_sixty_days_and_not_again_for_thirty(last: LastReading, asked: bool) -> None:
    assert last.asks_for_another(CAR, NOW, STALE_AFTER) is asked


def test_nobody_is_asked_about_a_car_that_was_put_away() -> None:
    assert not STALE.asks_for_another(CAR.archived(NOW), NOW, STALE_AFTER)


def test_how_old_is_stale_can_be_told() -> None:
    week_old = STALE._replace(read_at=NOW - timedelta(days=8))
    assert not week_old.asks_for_another(CAR, NOW, STALE_AFTER)
    assert week_old.asks_for_another(CAR, NOW, timedelta(days=7))
