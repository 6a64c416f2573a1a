"""The read side of what owning a car costs: puts together what the tables say about a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from chassis.db import Transaction
from owners.db.costs import beginning_of, costs_of, first_shown, odometer_before
from owners.db.meters import replacements_of
from owners.db.ownership import (
    DepreciationTerms,
    LoanTerms,
    Valuation,
    Whose,
    find_depreciation,
    find_loan,
    list_valuations,
)
from owners.domain.car import Car
from owners.domain.odometer.meter import Meters
from owners.domain.odometer.reading import canonical_km
from owners.domain.ownership.calendar import month_of, months_after
from owners.domain.ownership.costs import Sums, total_cost
from owners.domain.ownership.depreciation import ByDistance, ValueCurve
from owners.domain.ownership.distance import Shown, distance
from owners.domain.ownership.loan import interest_due
from owners.domain.ownership.window import Window

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Amount:
    """Minor units of a currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Finances:
    """What the car itself cost in a window; None where it is undefined, or there is no loan."""

    value_at_start: Amount | None
    value_at_end: Amount | None
    depreciation: Amount | None
    loan_interest: Amount | None


@dataclass(frozen=True, slots=True)
class Analytics:
    """A window of a car's life. `finances` are None for who may not see them."""

    window: Window
    currency: str
    distance_km: int | None
    distances: Mapping[date, int]
    costs: Sums
    finances: Finances | None

    @property
    def running_minor(self) -> int | None:
        """Running costs in the car's currency."""
        return self.costs.of(self.currency).amount_minor

    @property
    def total_minor(self) -> int | None:
        """Running costs, depreciation and interest, in the car's currency; None where a part of it is undefined."""
        if self.finances is None:
            return None
        depreciation, interest = self.finances.depreciation, self.finances.loan_interest
        parts = [part for part in (depreciation, interest) if part is not None]
        if any(part.currency != self.currency for part in parts):
            return None
        lost = None if depreciation is None else depreciation.minor
        return total_cost(self.running_minor, lost, [] if interest is None else [interest.minor])


@dataclass(frozen=True, slots=True)
class Terms:
    """What an owner has said about the cost of the car itself."""

    depreciation: DepreciationTerms | None
    loan: LoanTerms | None
    valuations: list[Valuation]


async def window_of(tx: Transaction, car: Car, first: date | None, last: date | None, today: date) -> Window:
    """The window asked for: by default from the purchase, or else the first entry, to today.

    Raises ImpossibleWindow for one that ends before it begins.
    """
    last = last or today
    if first is None:
        first = car.purchase_date or await beginning_of(tx, Whose(car.id, car.owner_id)) or last
        first = min(first, last)
    return Window.of(first, last, today)


async def analytics_of(tx: Transaction, car: Car, window: Window, *, finances: bool) -> Analytics:
    """The figures of the car's present owner, in as many statements whatever the length of the history."""
    whose = Whose(car.id, car.owner_id)
    costs = Sums(await costs_of(tx, whose, window, car.currency))
    terms = await _terms(tx, whose) if finances else None
    curve = None if terms is None else _curve(car, terms)
    days = _boundaries(window)
    asked = {*days, *(curve[0].odometer_days(window.first, window.end) if curve else ())}
    if car.purchase_date is not None:
        asked.add(car.purchase_date + _DAY)
    shown = await odometer_before(tx, car.id, asked)
    first = await first_shown(tx, car.id)
    distances = {
        month_of(start): km
        for start, end in pairwise(days)
        if (km := distance(shown[start], shown[end], first)) is not None
    }
    bought_at = await _bought_at(tx, car, curve)
    return Analytics(
        window,
        car.currency,
        distance(shown[window.first], shown[window.end], first),
        distances,
        costs,
        None if terms is None else _finances(window, terms, curve, _driven(car, shown, bought_at)),
    )


async def _terms(tx: Transaction, whose: Whose) -> Terms:
    return Terms(
        await find_depreciation(tx, whose),
        await find_loan(tx, whose),
        await list_valuations(tx, whose),
    )


def _boundaries(window: Window) -> list[date]:
    """Where the months of the window begin, cut off at its ends."""
    days = [window.first]
    while (following := months_after(month_of(days[-1]), 1)) < window.end:
        days.append(following)
    return [*days, window.end]


def _curve(car: Car, terms: Terms) -> tuple[ValueCurve, str] | None:
    """How the car's value goes, in the currency of its purchase; None when that is not told."""
    if car.purchase_date is None or car.purchase_price_minor is None or car.purchase_currency is None:
        return None
    currency = car.purchase_currency
    chosen = terms.depreciation
    method = chosen.method if chosen is not None and chosen.currency == currency else None
    valued = {each.valued_on: each.amount_minor for each in terms.valuations if each.currency == currency}
    return ValueCurve.of(car.purchase_date, car.purchase_price_minor, method, valued), currency


async def _bought_at(tx: Transaction, car: Car, curve: tuple[ValueCurve, str] | None) -> int | None:
    """How far the car had been driven when it was bought, as its owner says; asked for by distance only."""
    value, unit = car.purchase_odometer_value, car.purchase_odometer_unit
    by_distance = curve is not None and isinstance(curve[0].method, ByDistance)
    if not by_distance or car.purchase_date is None or value is None or unit is None:
        return None
    km = canonical_km(value, unit)
    meters = Meters.of((await replacements_of(tx, [car.id])).get(car.id, ()))
    return km + meters.offset_at(km, car.purchase_date, None)


def _driven(car: Car, shown: Mapping[date, Shown | None], bought_at: int | None) -> dict[date, int]:
    """How far the car had been driven since its purchase, as far as that is known."""
    if car.purchase_date is None:
        return {}
    if bought_at is None:
        then = shown[car.purchase_date + _DAY]
        if then is None:
            return {}
        bought_at = then.km
    return {day: max(then.km - bought_at, 0) for day, then in shown.items() if then is not None}


def _finances(
    window: Window, terms: Terms, curve: tuple[ValueCurve, str] | None, driven: Mapping[date, int]
) -> Finances:
    interest = None
    if terms.loan is not None:
        loan = terms.loan.loan
        interest = Amount(interest_due(loan.schedule(), window.first, window.end), loan.currency)
    if curve is None or window.end <= curve[0].purchased_on:
        return Finances(None, None, None, interest)
    values, currency = curve

    def amount(minor: int | None) -> Amount | None:
        return None if minor is None else Amount(minor, currency)

    return Finances(
        amount(values.value(window.first, driven)),
        amount(values.value(window.end, driven)),
        amount(values.lost(window.first, window.end, driven)),
        interest,
    )
