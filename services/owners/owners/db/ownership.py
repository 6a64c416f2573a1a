"""What a car itself costs, in its tables: the terms of its depreciation and loan, and valuations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, Table, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from owners.db.models import depreciation, loan, valuation
from owners.domain.ownership.depreciation import ByDistance, Declining, Method, StraightLine
from owners.domain.ownership.loan import ExtraPayment, Loan

_OF_METHOD: Final = ("years_of_life", "first_year_percent", "later_percent", "life_km")


class DepreciationTerms(NamedTuple):
    """The method that an owner chose; its residual value is in `currency`."""

    method: Method
    currency: str
    version: int


class LoanTerms(NamedTuple):
    """The loan that an owner took for a car."""

    loan: Loan
    version: int


class Valuation(NamedTuple):
    """What the car was worth at the end of a day, as its owner says."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    valued_on: date
    amount_minor: int
    currency: str
    created_at: datetime


class Whose(NamedTuple):
    """A car in the hands of one owner: the next one keeps terms of the own."""

    car_id: UUID
    owner_id: UUID


async def find_depreciation(tx: Transaction, whose: Whose) -> DepreciationTerms | None:
    """The method chosen, if any."""
    row = await _find(tx, depreciation, whose)
    return None if row is None else DepreciationTerms(_method(row), row["currency"], row["version"])


async def save_depreciation(tx: Transaction, whose: Whose, terms: DepreciationTerms, now: datetime) -> None:
    """Chooses a method, in place of another one."""
    values = dict.fromkeys(_OF_METHOD) | {"residual_minor": terms.method.residual_minor, "currency": terms.currency}
    match terms.method:
        case StraightLine(years_of_life=years):
            values |= {"method": "straight_line", "years_of_life": years}
        case Declining(first_year_percent=first, later_percent=later):
            values |= {"method": "declining", "first_year_percent": first, "later_percent": later}
        case ByDistance(life_km=km):
            values |= {"method": "by_distance", "life_km": km}
    await _save(tx, depreciation, whose, values | {"updated_at": now, "version": terms.version})


async def delete_depreciation(tx: Transaction, whose: Whose) -> None:
    """Forgets the method."""
    await tx.execute(delete(depreciation).where(*_of(depreciation, whose)))


async def find_loan(tx: Transaction, whose: Whose) -> LoanTerms | None:
    """The loan, if any."""
    row = await _find(tx, loan, whose)
    if row is None:
        return None
    extras = tuple(
        ExtraPayment(date.fromisoformat(extra["paid_on"]), extra["amount_minor"], extra["effect"])
        for extra in row["extra_payments"]
    )
    terms = Loan(
        row["principal_minor"],
        row["currency"],
        row["annual_rate_percent"],
        row["months"],
        row["first_payment_on"],
        extras,
    )
    return LoanTerms(terms, row["version"])


async def save_loan(tx: Transaction, whose: Whose, terms: LoanTerms, now: datetime) -> None:
    """Keeps the terms, in place of earlier ones."""
    told = terms.loan
    values = {
        "principal_minor": told.principal_minor,
        "currency": told.currency,
        "annual_rate_percent": told.annual_rate_percent,
        "months": told.months,
        "first_payment_on": told.first_payment_on,
        "extra_payments": [
            {"paid_on": extra.paid_on.isoformat(), "amount_minor": extra.amount_minor, "effect": extra.effect}
            for extra in told.extra_payments
        ],
        "updated_at": now,
        "version": terms.version,
    }
    await _save(tx, loan, whose, values)


async def delete_loan(tx: Transaction, whose: Whose) -> None:
    """Forgets the loan."""
    await tx.execute(delete(loan).where(*_of(loan, whose)))


async def list_valuations(tx: Transaction, whose: Whose) -> list[Valuation]:
    """All of them, the latest first."""
    found = select(valuation).where(*_of(valuation, whose)).order_by(valuation.c.valued_on.desc())
    return [Valuation(**{str(name): value for name, value in row.items()}) for row in await _mappings(tx, found)]


async def count_valuations(tx: Transaction, whose: Whose) -> int:
    """How many there are."""
    counted = select(func.count()).select_from(valuation).where(*_of(valuation, whose))
    return int((await tx.execute(counted)).scalar_one())


async def insert_valuation(tx: Transaction, new: Valuation) -> bool:
    """Adds one; False when that day has one already."""
    added = upsert(valuation).values(new._asdict()).on_conflict_do_nothing(constraint="valuation_of_day")
    return (await tx.execute(added.returning(valuation.c.id))).first() is not None


async def put_valuation(tx: Transaction, new: Valuation) -> None:
    """Adds one, in place of another one of that day."""
    same_day = (*_of(valuation, Whose(new.car_id, new.owner_id)), valuation.c.valued_on == new.valued_on)
    await tx.execute(delete(valuation).where(*same_day))
    await tx.execute(insert(valuation).values(new._asdict()))


async def delete_valuation(tx: Transaction, whose: Whose, valuation_id: UUID) -> bool:
    """Removes one; False when there is none of this id."""
    gone = delete(valuation).where(*_of(valuation, whose), valuation.c.id == valuation_id)
    return (await tx.execute(gone.returning(valuation.c.id))).first() is not None


def _method(row: RowMapping) -> Method:
    residual: int = row["residual_minor"]
    if row["method"] == "straight_line":
        years: Decimal = row["years_of_life"]
        return StraightLine(residual, years)
    if row["method"] == "declining":
        return Declining(residual, row["first_year_percent"], row["later_percent"])
    return ByDistance(residual, row["life_km"])


async def _find(tx: Transaction, table: Table, whose: Whose) -> RowMapping | None:
    return (await tx.execute(select(table).where(*_of(table, whose)))).mappings().one_or_none()


async def _mappings(tx: Transaction, found: Any) -> list[RowMapping]:
    return list((await tx.execute(found)).mappings())


async def _save(tx: Transaction, table: Table, whose: Whose, values: dict[str, Any]) -> None:
    if values["version"] == 1:
        await tx.execute(insert(table).values(whose._asdict() | values))
    else:
        await tx.execute(table.update().where(*_of(table, whose)).values(values))


def _of(table: Table, whose: Whose) -> tuple[Any, Any]:
    return table.c.car_id == whose.car_id, table.c.owner_id == whose.owner_id
