"""Some hundred made histories of odometers, each reading with the verdict that it deserves.

They are the same on every run. A slip that fits between its neighbours is not made: nobody could tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from uuid import UUID

from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.reading import Reading, Unit, Verdict, canonical_km
from owners.domain.records import Attestation

EACH: Final = 60
"""Histories of each kind."""
_SEED: Final = 20_260_314
_FIRST_DAY: Final = date(2015, 1, 1)
_KM_PER_MILE: Final = 1.609344


@dataclass(frozen=True)
class Labelled:
    """A reading, and what a judge who was there would say of it."""

    reading: Reading
    deserves: Verdict = "ok"
    meant_km: int | None = None
    """What a slip was to be."""


@dataclass(frozen=True)
class History:
    """One car's readings in the order in which they were made."""

    kind: str
    readings: tuple[Labelled, ...]
    replacements: tuple[MeterReplacement, ...] = ()


class Driving:
    """A car on its way through the years; writes down what its odometer shows."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._day = chance.randrange(700)
        self.km = chance.choice([5, 12_000, 64_000, 118_000, 187_000]) + chance.randrange(5_000)
        self._km_per_day = chance.choice([8, 20, 35, 60, 110])
        self.replacements: list[MeterReplacement] = []

    def drive(self, times: int, *, unit: Unit = "km", attested_each: int = 0) -> list[Labelled]:
        """So many readings, a few days or weeks apart; every so-manieth one is a service center's."""
        return [
            self.read(unit=unit, attested=bool(attested_each) and number % attested_each == 0)
            for number in range(1, times + 1)
            if self._go_on()
        ]

    def read(self, *, unit: Unit = "km", attested: bool = False) -> Labelled:
        """What the odometer shows now; sometimes with the time of the day."""
        value = Decimal(self.km if unit == "km" else round(self.km / _KM_PER_MILE))
        return Labelled(self._reading(value, unit, attested=attested))

    def wait(self, days: int, *, km: int = 0) -> None:
        """Stands for so long, and is driven so far."""
        self._day += days
        self.km += km

    def replace_meter(self) -> list[Labelled]:
        """A service center puts in another meter: often a new one, sometimes a used one or one set to the old value."""
        self.wait(self._chance.randrange(1, 9), km=self._chance.randrange(200))
        on = _FIRST_DAY + timedelta(days=self._day)
        at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        removed, installed = self.km, self._chance.choice([0, 0, 3, 84_000, 211_000, self.km])
        last = Labelled(self._reading(Decimal(removed), "km", attested=True)._replace(observed_at=None))
        self.replacements.append(_replacement(self._chance, removed, installed, at))
        self.km = installed + self._chance.randrange(4)
        return [last, self.read(attested=True)]

    def _go_on(self) -> bool:
        days = self._chance.choice([1, 3, 6, 9, 14, 21, 35])
        on_holiday = self._chance.random() < 0.04
        rate = 290 if on_holiday else self._km_per_day * self._chance.uniform(0.4, 1.7)
        self.wait(days, km=max(1, round(rate * days)))
        return True

    def _reading(self, value: Decimal, unit: Unit, *, attested: bool) -> Reading:
        on = _FIRST_DAY + timedelta(days=self._day)
        timed = attested or self._chance.random() < 0.3
        at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC) if timed else None
        id_ = UUID(int=self._chance.getrandbits(128), version=4)
        return Reading(id_, value, unit, canonical_km(value, unit), on, at, attested)


def honest(chance: Random) -> list[Labelled]:
    """Driven, and written down with care."""
    return Driving(chance).drive(chance.randrange(2, 80), attested_each=chance.choice([0, 0, 9]))


def parked(chance: Random) -> list[Labelled]:
    """Stood for a year or three, perhaps twice."""
    car = Driving(chance)
    readings = car.drive(chance.randrange(3, 20))
    for _ in range(chance.randrange(1, 3)):
        car.wait(chance.randrange(300, 1_100), km=chance.randrange(3))
        readings += [car.read(), *car.drive(chance.randrange(3, 20))]
    return readings


def sold_abroad(chance: Random) -> list[Labelled]:
    """Driven far in a few days, and written down in miles from then on."""
    car = Driving(chance)
    readings = car.drive(chance.randrange(5, 30))
    days = chance.randrange(2, 6)
    car.wait(days, km=days * chance.randrange(350, 700))
    return [*readings, car.read(unit="mi"), *car.drive(chance.randrange(5, 30), unit="mi")]


def typo(chance: Random) -> list[Labelled]:
    """One digit was dropped, inserted, substituted or transposed, once or twice."""
    readings = Driving(chance).drive(chance.randrange(8, 60), attested_each=chance.choice([0, 9]))
    for place in _apart(chance, readings, count=chance.choice([1, 1, 2])):
        if not readings[place].reading.attested:
            readings[place] = _slipped(chance, readings, place, _one_digit_wrong)
    return readings


def swapped_units(chance: Random) -> list[Labelled]:
    """Somebody wrote miles and said kilometres, or the other way round."""
    readings = Driving(chance).drive(chance.randrange(8, 60))
    for place in _apart(chance, readings, count=1):
        readings[place] = _slipped(chance, readings, place, _other_unit)
    return readings


def rolled_back(chance: Random) -> list[Labelled]:
    """A service center had seen more than the odometer shows from some day on."""
    car = Driving(chance)
    car.wait(0, km=60_000)
    readings = [*car.drive(chance.randrange(4, 20), attested_each=4), car.read(attested=True)]
    car.wait(chance.randrange(5, 40), km=-chance.randrange(15_000, 55_000))
    after = [car.read(), *car.drive(chance.randrange(3, 9))]
    return readings + [
        replace(one, deserves="rollback") for one in after if one.reading.km < readings[-1].reading.km - 300
    ]


def wrong_center_entry(chance: Random) -> list[Labelled]:
    """A service center wrote one digit wrong, and nobody has corrected it."""
    readings = Driving(chance).drive(chance.randrange(12, 50), attested_each=5)
    attested = [place for place in _apart(chance, readings, count=len(readings)) if readings[place].reading.attested]
    place = chance.choice(attested or [len(readings) // 2])
    readings[place] = _slipped(chance, readings, place, _one_digit_wrong)
    return readings


def corrected_center_entry(chance: Random) -> list[Labelled]:
    """The same, after an accepted correction."""
    return [
        one if one.deserves == "ok" else Labelled(one.reading._replace(replaced=True), "replaced")
        for one in wrong_center_entry(chance)
    ]


def replaced_meter(chance: Random) -> tuple[list[Labelled], list[MeterReplacement]]:
    """A service center replaced the meter, once or twice; half of the owners make a slip before or after."""
    car = Driving(chance)
    readings = car.drive(chance.randrange(5, 25), attested_each=6)
    for _ in range(chance.randrange(1, 3)):
        readings += [*car.replace_meter(), *car.drive(chance.randrange(5, 25), attested_each=6)]
    for place in _apart(chance, readings, count=chance.choice([0, 1])):
        around = readings[place - 1].reading.km <= readings[place].reading.km <= readings[place + 1].reading.km
        if around and not readings[place].reading.attested:
            readings[place] = _slipped(chance, readings, place, _one_digit_wrong)
    return readings, car.replacements


type _Made = list[Labelled] | tuple[list[Labelled], list[MeterReplacement]]
_KINDS: Final[tuple[Callable[[Random], _Made], ...]] = (
    honest,
    parked,
    sold_abroad,
    typo,
    swapped_units,
    rolled_back,
    wrong_center_entry,
    corrected_center_entry,
    replaced_meter,
)


def labelled_histories() -> Iterator[History]:
    """Sixty of each kind."""
    for kind in _KINDS:
        for number in range(EACH):
            made = kind(Random(f"{_SEED} {kind.__name__} {number}"))  # noqa: S311 -- repeatable is what matters
            readings, replacements = made if isinstance(made, tuple) else (made, [])
            yield History(kind.__name__.replace("_", " "), tuple(readings), tuple(replacements))


def _replacement(chance: Random, removed: int, installed: int, at: datetime) -> MeterReplacement:
    some = [UUID(int=chance.getrandbits(128), version=4) for _ in range(4)]
    old, new = Decimal(removed), Decimal(installed)
    order = Attestation(some[0], some[1], 1, "0" * 64)
    return MeterReplacement(
        some[2], old, "km", removed, new, "km", installed, at.date(), at, "UTC", "broken", some[3], at, order
    )


def _apart(chance: Random, readings: list[Labelled], *, count: int) -> list[int]:
    """Places in the middle, none beside another."""
    places = list(range(2, len(readings) - 2))
    chance.shuffle(places)
    chosen: list[int] = []
    for place in places:
        if len(chosen) < count and all(abs(place - other) > 2 for other in chosen):
            chosen.append(place)
    return chosen


def _slipped(
    chance: Random, readings: list[Labelled], place: int, slip: Callable[[Random, Reading], Decimal]
) -> Labelled:
    """The reading with a slip that shows: its value does not fit between its neighbours'."""
    right = readings[place].reading
    before, after = readings[place - 1].reading.km, readings[place + 1].reading.km
    for _ in range(200):
        value = slip(chance, right)
        km = canonical_km(value, right.unit)
        if not before <= km <= after:
            return Labelled(right._replace(value=value, km=km), "quarantined", meant_km=right.km)
    return readings[place]


def _one_digit_wrong(chance: Random, reading: Reading) -> Decimal:
    digits = str(reading.value)
    place = chance.randrange(len(digits))
    head, tail = digits[:place], digits[place:]
    new = chance.choice("0123456789")
    wrong = {
        "dropped": head + tail[1:],
        "inserted": head + new + tail,
        "substituted": head + new + tail[1:],
        "transposed": head + tail[1:2] + tail[:1] + tail[2:],
    }[chance.choice(["dropped", "inserted", "substituted", "transposed"])]
    return Decimal(wrong or "0")


def _other_unit(_: Random, reading: Reading) -> Decimal:
    factor = 1 / _KM_PER_MILE if reading.unit == "km" else _KM_PER_MILE
    return Decimal(round(float(reading.value) * factor))
