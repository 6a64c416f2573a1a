"""What the work orders of a soak are about: decided by its seed alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What becomes of an order when nothing goes wrong; the name of its last status."""

    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job with its one labor line and perhaps a product, and what the owner says to it."""

    title: str
    labor: dict[str, Any]
    product: dict[str, Any] | None
    authorised: bool


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """`driven`: tenths of a kilometre since the car's last visit; None when the odometer cannot be read."""

    number: int
    fate: Fate
    complaint: str | None
    jobs: tuple[PlannedJob, ...]
    driven: int | None


_WORK = (
    ("Замена масла и фильтра", "0.7", "2000", {"km": 10_000, "months": 12}),
    ("Замена тормозных колодок", "1.2", "2400", {"km": 40_000}),
    ("Замена салонного фильтра", "0.3", "1800", {"months": 12}),
    ("Диагностика подвески", "0.8", "2100", None),
    ("Регулировка света фар", "0.4", "1500", None),
    ("Шиномонтаж, четыре колеса", "1.5", "1600", None),
)
_PRODUCTS = (
    ("part", "Фильтр масляный", "1", "pcs", "890"),
    ("part", "Колодки тормозные передние", "1", "set", "2640"),
    ("fluid", "Масло моторное 5W-40", "4.5", "l", "1115.5"),
    ("material", "Очиститель тормозов", "0.5", "pcs", "420"),
)
_DECLINED, _CANCELLED = range(4), range(4, 8)  # of a hundred
_COMPLAINTS = (None, None, "Стук спереди справа", "Плановое ТО", "Вибрация при торможении")


def planned_order(seed: int, number: int) -> PlannedOrder:
    """The `number`th order: of a hundred some 92 are completed, 4 declined and 4 cancelled."""
    rng = random.Random(f"carpass soak {seed}: order {number}")  # noqa: S311 -- must be repeatable
    dice = rng.randrange(100)
    fate = Fate.DECLINED if dice in _DECLINED else Fate.CANCELLED if dice in _CANCELLED else Fate.COMPLETED
    jobs = [_job(rng, authorised=fate is not Fate.DECLINED)]
    if fate is Fate.COMPLETED and rng.randrange(12) == 0:
        jobs.append(_job(rng, authorised=False))
    driven = None if rng.randrange(30) == 0 else rng.randint(1, 3)
    return PlannedOrder(number, fate, rng.choice(_COMPLAINTS), tuple(jobs), driven)


def _job(rng: random.Random, *, authorised: bool) -> PlannedJob:
    operation, hours, rate, next_service = rng.choice(_WORK)
    labor: dict[str, Any] = {
        "operation": operation,
        "hours": hours,
        "rate": rate,
        "tax_percent": rng.choice(("0", "22")),
    }
    if next_service is not None:
        labor["next_service"] = next_service
    product = None
    if rng.randrange(3) == 0:
        kind, name, quantity, unit, price = rng.choice(_PRODUCTS)
        product = {"kind": kind, "name": name, "quantity": quantity, "unit": unit, "price": price}
    return PlannedJob(operation, labor, product, authorised)
