from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from owners.currencies import current_currencies
from owners.domain.errors import DateInFuture, UnknownTimeZone
from owners.domain.local_time import check_not_future, local_date, start_of_day, zone

LATE_ON_NEW_YEARS_EVE = datetime(2023, 12, 31, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(("name", "on"), [("Europe/Moscow", date(2024, 1, 1)), ("UTC", date(2023, 12, 31))])
def test_instant_has_the_date_of_its_place(name: str, on: date) -> None:
    assert local_date(LATE_ON_NEW_YEARS_EVE, name) == on


def test_day_begins_where_it_is_and_after_a_leap_of_the_clock() -> None:
    assert start_of_day(date(2024, 1, 1), "Asia/Omsk") == datetime(2023, 12, 31, 18, tzinfo=UTC)
    assert start_of_day(date(2024, 3, 31), "Asia/Beirut").astimezone(UTC).hour == 22
    assert zone("Asia/Omsk") == ZoneInfo("Asia/Omsk")


@pytest.mark.parametrize("name", ["", "Moscow", "/etc/passwd", "../UTC", "localtime", "Europe/Moscow\0", "posixrules"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        zone(name)


def test_tomorrow_is_the_last_date_that_may_be_told() -> None:
    check_not_future(date(2024, 1, 2), zone_name="Europe/Moscow", now=LATE_ON_NEW_YEARS_EVE)
    with pytest.raises(DateInFuture):
        check_not_future(date(2024, 1, 3), zone_name="Europe/Moscow", now=LATE_ON_NEW_YEARS_EVE)


def test_currencies_are_those_that_pay_something_today() -> None:
    assert {"RUB", "KZT", "EUR", "USD", "JPY", "KWD"} <= current_currencies()
    assert not {"SUR", "DEM", "XXX", "XTS", "XAU", "rub", "BTC"} & current_currencies()
