from dataclasses import replace

import pytest

from sto.domain.center import search_key
from sto.domain.errors import InvalidProfile
from tests.unit.sto.making import PROFILE, a_center


@pytest.mark.parametrize("name", ["Europe/Moskva", "", "+03:00", "localtime", "../etc/passwd"])
def test_a_profile_names_a_time_zone_that_exists(name: str) -> None:
    with pytest.raises(InvalidProfile):
        replace(PROFILE, time_zone=name)


@pytest.mark.parametrize("code", ["RUR", "XXX", "rub", "BTC"])
def test_a_profile_names_a_currency_that_exists(code: str) -> None:
    with pytest.raises(InvalidProfile):
        replace(PROFILE, currency=code)


def test_an_edit_makes_a_new_version_and_an_event() -> None:
    center = a_center()
    edited = center.edited(replace(PROFILE, name="Гараж на Мира"))
    assert (edited.profile.name, edited.sequence, edited.version) == ("Гараж на Мира", 2, 2)


def test_an_edit_that_changes_nothing_makes_neither() -> None:
    center = a_center()
    assert center.edited(replace(PROFILE)) is center


@pytest.mark.parametrize(
    ("typed", "key"),
    [("  ТВЕРЬ ", "тверь"), ("Нижний  Новгород", "нижний новгород"), ("STRASSE", "strasse"), ("straße", "strasse")],
)
def test_a_search_ignores_case_and_runs_of_blanks(typed: str, key: str) -> None:
    assert search_key(typed) == key
