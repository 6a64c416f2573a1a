import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.errors import InvalidIdentity
from owners.domain.identity import check_digit, check_digit_fits, normalised_frame_number, normalised_vin

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


@pytest.mark.parametrize(
    ("typed", "vin"),
    [
        ("1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),  # the check digit X
        ("1hgcm82633a004352", "1HGCM82633A004352"),
        (" 5YJ 3E1EA-2KF 317000 ", "5YJ3E1EA2KF317000"),
        ("XTA210990Y2766389", "XTA210990Y2766389"),  # not North American: any 9th character
        ("WVWZZZ1KZAW123456", "WVWZZZ1KZAW123456"),
    ],
)
def test_vin_is_normalised(typed: str, vin: str) -> None:
    assert normalised_vin(typed) == vin


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("WVWZZZ1KZAW12345O", "A VIN has no letter O: it is the digit 0."),
        ("wvwzzz1kzaw12345i", "A VIN has no letter I: it is the digit 1."),
        ("WVWZZZ1KZAW12345Q", "A VIN has no letter Q: it is the digit 0."),
        ("WVWZZZ1KZАW123456", "CYRILLIC CAPITAL LETTER A"),
        ("WVWZZZ1KZAW12345\N{LATIN SMALL LETTER DOTLESS I}", "DOTLESS I"),
        ("WVWZZZ1KZAW12345\N{FULLWIDTH DIGIT SIX}", "FULLWIDTH DIGIT SIX"),
        ("WVWZZZ1KZAW12345_", "'_' cannot stand in a VIN."),
        ("WVWZZZ1KZAW12345", "A VIN has 17 characters, this one has 16."),
        ("", "A VIN has 17 characters, this one has 0."),
        ("1HGCM82643A004352", "its 9th character) would be 3"),
    ],
)
def test_what_cannot_be_a_vin_is_refused_with_the_reason(typed: str, sentence: str) -> None:
    with pytest.raises(InvalidIdentity) as refused:
        normalised_vin(typed)
    assert sentence in str(refused.value)


@given(st.text(LETTERS, min_size=17, max_size=17))
def test_any_single_substituted_digit_breaks_the_check_digit(vin: str) -> None:
    good = vin[:8] + check_digit(vin) + vin[9:]
    assert check_digit_fits(good)
    changed = ("1" if good[0] != "1" else "2") + good[1:]
    assert check_digit_fits(changed) == (check_digit(good) == check_digit(changed))


@pytest.mark.parametrize(("typed", "number"), [("ncp31-0012345", "NCP310012345"), ("EK9 1000123", "EK91000123")])
def test_frame_number_is_normalised(typed: str, number: str) -> None:
    assert normalised_frame_number(typed) == number


@pytest.mark.parametrize("typed", ["JZX100-00123456", "EK9-1000", "NСP31-0012345", "NCP31/0012345"])
def test_what_cannot_be_a_frame_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidIdentity):
        normalised_frame_number(typed)
