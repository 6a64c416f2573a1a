"""Readings for the tests of the verdict rule."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import strategies as st

from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.reading import Reading, Unit, canonical_km
from owners.domain.records import Attestation

FIRST_DAY = date(2024, 1, 1)
EVENING = 64_800


def reading(
    value: float | str,
    day: int = 0,
    *,
    second: int | None = None,
    unit: Unit = "km",
    attested: bool = False,
    replaced: bool = False,
    id: UUID | None = None,  # noqa: A002 -- the field's own name
) -> Reading:
    """`day` counts from FIRST_DAY; `second` of that day in UTC, None when only the day is known."""
    number = Decimal(str(value))
    on = FIRST_DAY + timedelta(days=day)
    at = None if second is None else datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(seconds=second)
    return Reading(id or uuid4(), number, unit, canonical_km(number, unit), on, at, attested, replaced)


def replacement(
    removed: int,
    installed: int,
    day: int = 0,
    *,
    second: int = EVENING,
    id: UUID | None = None,  # noqa: A002 -- the field's own name
) -> MeterReplacement:
    """Of a meter that ended at so many kilometres, by one that began at so many; handed over at a second of a day."""
    on = FIRST_DAY + timedelta(days=day)
    at = datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(seconds=second)
    return MeterReplacement(
        id=id or uuid4(),
        removed_value=Decimal(removed),
        removed_unit="km",
        removed_km=removed,
        installed_value=Decimal(installed),
        installed_unit="km",
        installed_km=installed,
        replaced_on=on,
        replaced_at=at,
        time_zone="UTC",
        reason="broken",
        author_id=uuid4(),
        created_at=at,
        attestation=Attestation(uuid4(), uuid4(), 1, "0" * 64),
    )


@st.composite
def replacements(draw: st.DrawFn) -> list[MeterReplacement]:
    """Up to three meters after the first, whatever they showed; some in one day, or in one second."""
    return [
        replacement(
            draw(st.integers(0, 400_000)),
            draw(st.sampled_from([0, 0, 5, 98_000, 300_000])),
            draw(st.integers(0, 30)),
            second=draw(st.sampled_from([30_000, EVENING])),
            id=draw(st.uuids()),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]


@st.composite
def readings(draw: st.DrawFn, *, max_size: int = 12) -> list[Reading]:
    """Histories with every kind of trouble: a car that drives, and slips of those who wrote it down."""
    made: list[Reading] = []
    km = draw(st.integers(0, 400_000))
    for _ in range(draw(st.integers(0, max_size))):
        km += draw(st.sampled_from([0, 1, 40, 400, 1_600, 9_000]))
        shown = draw(
            st.sampled_from([km, km, km, km * 10 + 5, km // 10, max(0, km - 60), max(0, km - 20_000), 1_100_000])
        )
        made.append(
            reading(
                shown,
                draw(st.integers(0, 30)),
                second=draw(st.none() | st.integers(0, 86_399)),
                unit=draw(st.sampled_from(["km", "km", "km", "mi"])),
                attested=draw(st.booleans()),
                replaced=draw(st.integers(0, 9)) == 0,
                id=draw(st.uuids()),
            )
        )
    return made
