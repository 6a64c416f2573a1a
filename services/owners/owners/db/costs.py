"""Costs and distances of a window. What is read does not grow with the length of a car's history.

Whole months come from the sums that triggers keep (migration 0004), the days of months that lie in the window only in
part from their entries (with what amendments made of them), and distances from one reading at each end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, get_args
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from owners.db.amendments import IN_FORCE_FIRST
from owners.db.ownership import Whose
from owners.domain.car import EnergyKind
from owners.domain.ownership.costs import CostLine
from owners.domain.ownership.distance import Shown
from owners.domain.ownership.window import Window

_NO_CURRENCY: Final = "XXX"
_KINDS: Final = list(get_args(EnergyKind.__value__))  # named, so that an index by kind and date serves
COSTS: Final = f"""
    SELECT month, category, energy_kind, currency, rate_to, sum(amount_minor)::numeric AS amount_minor,
        sum(converted_minor)::numeric AS converted_minor,
        sum(quantity)::numeric AS quantity, sum(entries)::bigint AS entries, sum(priced)::bigint AS priced,
        sum(measured)::bigint AS measured
    FROM (
        SELECT month, category, energy_kind, currency, rate_to, amount_minor, converted_minor, quantity,
            entries, priced, measured
        FROM monthly_cost
        WHERE car_id = $1 AND owner_id = $2 AND month BETWEEN $3 AND $4
        UNION ALL
        SELECT date_trunc('month', e.expense_date::timestamp)::date, e.category, '', e.currency,
            coalesce(e.rate_to, ''), coalesce(amended.cost_minor, e.amount_minor),
            coalesce(e.converted_minor, 0), 0, 1, 1, 0
        FROM unnest($5::date[], $6::date[]) AS edge (first, last)
        JOIN expense e ON e.car_id = $1 AND e.owner_id = $2 AND e.expense_date BETWEEN edge.first AND edge.last
        LEFT JOIN LATERAL (
            SELECT a.cost_minor FROM amendment a
            WHERE e.provenance = 'attested' AND a.service_entry_id = e.service_entry_id AND a.cost_minor IS NOT NULL
            {IN_FORCE_FIRST}
        ) amended ON true
        UNION ALL
        SELECT date_trunc('month', f.filled_on::timestamp)::date, 'fuel', f.energy_kind, coalesce(f.currency, 'XXX'),
            coalesce(f.rate_to, ''), coalesce(f.total_minor, 0), coalesce(f.converted_minor, 0),
            coalesce(f.quantity, 0), 1, (f.total_minor IS NOT NULL)::int,
            (f.quantity IS NOT NULL)::int
        FROM unnest($5::date[], $6::date[]) AS edge (first, last)
        JOIN fuel_entry f ON f.car_id = $1 AND f.energy_kind = ANY ($7::text[]) AND f.owner_id = $2
            AND f.filled_on BETWEEN edge.first AND edge.last
    ) entry
    GROUP BY month, category, energy_kind, currency, rate_to
    ORDER BY month, category, energy_kind, currency, rate_to
"""  # noqa: S608 -- our own words
ODOMETER: Final = """
    SELECT day, latest.id, latest.total_km, latest.observed_on
    FROM unnest($2::date[]) AS day
    LEFT JOIN LATERAL (
        SELECT id, km + meter_offset_km AS total_km, observed_on FROM odometer_reading
        WHERE car_id = $1 AND verdict = 'ok' AND observed_on < day
        ORDER BY observed_on DESC, km + meter_offset_km DESC LIMIT 1
    ) latest ON true
"""
_FIRST: Final = """
    SELECT id, km + meter_offset_km AS total_km, observed_on FROM odometer_reading
    WHERE car_id = $1 AND verdict = 'ok' ORDER BY observed_on, km + meter_offset_km LIMIT 1
"""
_BEGINNING: Final = """
    SELECT least(
        (SELECT min(month) FROM monthly_cost WHERE car_id = $1 AND owner_id = $2),
        (SELECT min(observed_on) FROM odometer_reading WHERE car_id = $1 AND verdict = 'ok'))
"""
_NEVER: Final = (date(1, 1, 2), date(1, 1, 1))


async def costs_of(tx: Transaction, whose: Whose, window: Window, currency: str) -> list[CostLine]:
    """What was spent in the window, month by month; in `currency` where the entries carry rates to that."""
    rows = await tx.rows(COSTS, *cost_arguments(whose, window))
    return [_line(row, converts=row["rate_to"] == currency) for row in rows]


def cost_arguments(whose: Whose, window: Window) -> Sequence[object]:
    """The parameters of COSTS."""
    months = window.whole_months or _NEVER
    edges = window.edges
    return [*whose, *months, [edge.first for edge in edges], [edge.last for edge in edges], _KINDS]


async def odometer_before(tx: Transaction, car_id: UUID, days: Collection[date]) -> dict[date, Shown | None]:
    """What the odometer had shown when each of the days began."""
    rows = await tx.rows(ODOMETER, car_id, sorted(set(days)))
    return {row["day"]: None if row["id"] is None else Shown(*tuple(row)[1:]) for row in rows}


async def first_shown(tx: Transaction, car_id: UUID) -> Shown | None:
    """The first reading of all."""
    rows = await tx.rows(_FIRST, car_id)
    return Shown(*rows[0]) if rows else None


async def beginning_of(tx: Transaction, whose: Whose) -> date | None:
    """When the first cost or reading is from: of a cost, the first day of its month."""
    [row] = await tx.rows(_BEGINNING, *whose)
    found: date | None = row[0]
    return found


def _line(row: asyncpg.Record, *, converts: bool) -> CostLine:
    currency = row["rate_to"] if converts else row["currency"]
    converted_minor = int(row["converted_minor"]) if converts else 0
    return CostLine(
        row["month"],
        row["category"],
        row["energy_kind"] or None,
        None if currency == _NO_CURRENCY else currency,
        converted_minor if converts else int(row["amount_minor"]),
        row["quantity"],
        row["entries"],
        row["priced"],
        row["measured"],
        converted_minor if converts else None,
    )
