"""Fills for the tests of consumption."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import strategies as st

from owners.domain.fuel.consumption import FULL, Fill, FullToFull
from owners.domain.fuel.interval import Interval
from owners.domain.fuel.order import in_order

FIRST_DAY = date(2024, 1, 1)


def fill(
    km: int | None,
    quantity: str | None,
    *,
    full: bool = True,
    soc: int | None = None,
    missed: bool = False,
    day: int = 0,
    hour: int | None = None,
    total: int | None = None,
    currency: str = "RUB",
    id: UUID | None = None,  # noqa: A002 -- the field's own name
) -> Fill:
    """`soc` makes it a charge; `day` counts from FIRST_DAY."""
    on = FIRST_DAY + timedelta(days=day)
    return Fill(
        id=id or uuid4(),
        day=on,
        at=None if hour is None else datetime(on.year, on.month, on.day, hour, tzinfo=UTC),
        km=km,
        quantity=None if quantity is None else Decimal(quantity),
        level=soc if soc is not None else (FULL if full else None),
        electric=soc is not None,
        missed_before=missed,
        total_minor=total,
        currency=None if total is None else currency,
    )


def days_apart(fills: Sequence[Fill]) -> list[Fill]:
    """One a day, in the given order."""
    return [one._replace(day=FIRST_DAY + timedelta(days=day)) for day, one in enumerate(fills)]


def intervals(fills: Sequence[Fill]) -> dict[UUID, Interval | None]:
    """What each fill owns."""
    series = FullToFull()
    figures = [figure for one in in_order(fills) for figure in series.feed(one)]
    figures += series.finish()
    assert [figure.fill for figure in figures] == in_order(fills), "each fill is decided once, in order"
    return {figure.fill.id: figure.interval for figure in figures}


def figures(fills: Sequence[Fill]) -> list[str | None]:
    """What each of the given fills owns, per 100 km."""
    owned = intervals(fills)
    return [None if (interval := owned[one.id]) is None else str(interval.per_100_km) for one in fills]


@st.composite
def histories(draw: st.DrawFn, *, electric: bool, max_size: int = 14) -> list[Fill]:
    """Fills of a car that drives, with everything that can be missing or odd, several a day at times."""
    made: list[Fill] = []
    km, day = 10_000, 0
    for _ in range(draw(st.integers(0, max_size))):
        km += draw(st.sampled_from([0, 0, 1, 250, 700]))
        day += draw(st.sampled_from([0, 1, 1, 20]))
        level = draw(st.sampled_from([None, 80, 81, 82, 100] if electric else [None, 100]))
        made.append(
            fill(
                draw(st.sampled_from([km, km, km, None])),
                draw(st.sampled_from(["40", "12.345", "0.001", "55.5", None])),
                missed=draw(st.integers(0, 7)) == 0,
                day=day,
                total=draw(st.sampled_from([None, 0, 1, 300_000])),
                currency=draw(st.sampled_from(["RUB", "RUB", "RUB", "EUR"])),
            )._replace(level=level, electric=electric)
        )
    return made
