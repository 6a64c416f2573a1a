"""What a record must be beyond its form, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from contracts.exchange_records import (
    ExchangeAmount,
    ExchangeFuelEntry,
    ExchangeItem,
    ExchangeOdometer,
    ExchangePaper,
    ExchangeRecord,
    ExchangeServiceEntry,
)
from owners.currencies import current_currencies, minor_digits
from owners.domain.conversion import parse_rate, rated
from owners.domain.errors import DomainError
from owners.domain.fuel.purchase import Stated, parse_volume, purchase
from owners.domain.fuel.units import measures
from owners.domain.local_time import check_not_future, zone


class BrokenRule(Exception):  # noqa: N818 - reads as what happened
    """A record cannot be taken in: the field, a code for programs and a sentence for people."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message

    @classmethod
    def of_form(cls, error: ValidationError) -> BrokenRule:
        """The first of pydantic's findings, without the value."""
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return cls("/".join(map(str, first["loc"])), first["type"], first["msg"])


def checked[R: ExchangeItem](item: R, now: datetime) -> R:
    """The record with what follows from it; raises BrokenRule."""
    if isinstance(item, ExchangePaper):
        _check_paper(item)
    return _checked_record(item, now) if isinstance(item, ExchangeRecord) else item


def _checked_record[R: ExchangeRecord](record: R, now: datetime) -> R:
    _told("time_zone", "unknown_time_zone", lambda: zone(record.time_zone))
    _told("date", "date_in_future", lambda: check_not_future(record.date, zone_name=record.time_zone, now=now))
    _check_currency(getattr(record, "currency", None))
    odometer: ExchangeOdometer | None = getattr(record, "odometer", None)
    if odometer is not None:
        _check_odometer(odometer, record.time_zone, now)
    if isinstance(record, ExchangeFuelEntry):
        record = _checked_fuel(record, now)
    if isinstance(record, ExchangeServiceEntry):
        _check_service(record)
    if isinstance(record, ExchangeAmount):
        _check_rate(record)
    return record


def _told[T](field: str, code: str, rule: Callable[[], T]) -> T:
    try:
        return rule()
    except DomainError as error:
        raise BrokenRule(field, code, str(error)) from error


def _check_currency(code: str | None, field: str = "currency") -> None:
    if code is not None and code not in current_currencies():
        raise BrokenRule(field, "unknown_currency", "This is no currency in use.")


def _check_rate(record: ExchangeAmount) -> None:
    _check_currency(record.rate_to, "rate_to")
    if (record.rate is None) != (record.rate_to is None):
        raise BrokenRule("rate", "rate_incomplete", "A rate tells the currency that it leads to as well.")
    if record.rate is None or record.rate_to is None:
        return
    text, rate_to = record.rate, record.rate_to
    amounts = (getattr(record, name, None) for name in ("total_minor", "cost_minor", "amount_minor"))
    amount = next((amount for amount in amounts if amount is not None), None)
    currency: str | None = getattr(record, "currency", None)
    _told("rate", "not_a_rate", lambda: rated(amount, currency, parse_rate(text), rate_to, digits=minor_digits))


def _check_odometer(odometer: ExchangeOdometer, time_zone: str, now: datetime) -> None:
    rule = "odometer", "date_in_future"
    _told(*rule, lambda: check_not_future(odometer.observed_on, zone_name=time_zone, now=now))
    if odometer.observed_at is not None and odometer.observed_at > now:
        raise BrokenRule(*rule, "This moment is still to come.")


def _check_paper(paper: ExchangePaper) -> None:
    if paper.issued_on and paper.expires_on and paper.expires_on < paper.issued_on:
        raise BrokenRule("expires_on", "impossible_window", "The document expires before it is issued.")


def _check_service(record: ExchangeServiceEntry) -> None:
    has_amount = record.cost_minor is not None or any(line.amount_minor is not None for line in record.lines)
    if has_amount != (record.currency is not None):
        raise BrokenRule("currency", "currency_missing", "An amount has a currency, and a currency an amount.")
    if (record.cost_minor is None) != (record.currency is None):
        raise BrokenRule("cost_minor", "cost_missing", "Tell what the service cost altogether.")


def _checked_fuel[R: ExchangeFuelEntry](record: R, now: datetime) -> R:
    if not measures(record.volume_unit, record.energy_kind):
        raise BrokenRule("volume_unit", "wrong_unit", f"{record.energy_kind} is not measured in {record.volume_unit}.")
    if record.filled_at is not None and record.filled_at > now:
        raise BrokenRule("filled_at", "date_in_future", "This moment is still to come.")
    if (record.currency is None) != (record.unit_price is None and record.total_minor is None):
        raise BrokenRule("currency", "currency_missing", "A price has a currency, and a currency a price.")
    return record.model_copy(update=_purchase(record))


def _purchase(record: ExchangeFuelEntry) -> dict[str, Any]:
    """All of volume, unit price and total that the stated ones give."""
    stated = Stated(
        None if record.derived == "volume" else _volume(record.volume),
        None if record.derived == "unit_price" or record.unit_price is None else Decimal(record.unit_price),
        None if record.derived == "total" else record.total_minor,
    )
    scale = 0 if record.currency is None else minor_digits(record.currency)
    bought = _told("total_minor", "not_a_purchase", lambda: purchase(stated, scale=scale))
    return {
        "volume": _text(bought.volume),
        "unit_price": _text(bought.unit_price),
        "total_minor": bought.total_minor,
        "derived": bought.derived,
    }


def _volume(text: str | None) -> Decimal | None:
    return None if text is None else _told("volume", "not_a_volume", lambda: parse_volume(text))


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
