from datetime import UTC, datetime

import pytest

from notifier.domain.conventions import Conventions
from notifier.domain.money import major_units
from notifier.domain.templates import Odometer
from notifier.texts import formats

RU = Conventions("ru", "Europe/Moscow", "km")
EN = Conventions("en", "America/New_York", "mi")


def plain(text: str) -> str:
    """CLDR writes no-break spaces of several widths."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "russian", "english"),
    [
        (1_250_050, "RUB", "12 500,50 ₽", "RUB 12,500.50"),
        (1_250_050, "JPY", "1 250 050 ¥", "¥1,250,050"),
        (1_250_050, "KWD", "1 250,050 KWD", "KWD 1,250.050"),
        (-5, "EUR", "-0,05 €", "-€0.05"),
        (0, "USD", "0,00 $", "$0.00"),
        (10**15, "ISK", "1 000 000 000 000 000 ISK", "ISK 1,000,000,000,000,000"),
    ],
)
def test_money_has_its_currency_s_own_decimals(amount_minor: int, currency: str, russian: str, english: str) -> None:
    assert plain(formats.money(amount_minor, currency, RU)) == russian
    assert plain(formats.money(amount_minor, currency, EN)) == english


@pytest.mark.parametrize(
    ("currency", "text"), [("RUB", "123.45"), ("JPY", "12345"), ("TND", "12.345"), ("CLF", "1.2345")]
)
def test_minor_units_follow_iso_4217(currency: str, text: str) -> None:
    assert str(major_units(12_345, currency)) == text


def test_dates_and_instants_are_the_reader_s() -> None:
    moment = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)
    assert (formats.day("2026-11-05", RU), formats.day("2026-11-05", EN)) == ("5 ноября 2026", "5 November 2026")
    assert formats.instant(moment, RU) == "1 января 2026, 05:30"
    assert formats.instant(moment, EN) == "31 December 2025, 21:30"
    assert formats.instant(moment, Conventions("en", "Nowhere/Land", "km")) == "1 January 2026, 02:30"


def test_distances_are_in_the_reader_s_unit() -> None:
    assert plain(formats.distance(123_456, RU)) == "123 456 км"
    assert plain(formats.distance(123_456, EN)) == "76,712 mi"


def test_an_odometer_reads_as_it_was_entered_where_the_unit_is_the_reader_s() -> None:
    reading = Odometer("76712.5", "mi", 123_457)
    assert plain(formats.odometer(reading, EN)) == "76,712.5 mi"
    assert plain(formats.odometer(reading, RU)) == "123 457 км"
