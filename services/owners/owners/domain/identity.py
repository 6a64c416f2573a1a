"""What a car is known by: a VIN (ISO 3779, ISO 3780) or a Japanese frame number."""

from __future__ import annotations

import unicodedata
from typing import Final

from owners.domain.errors import InvalidIdentity

VIN_LENGTH: Final = 17
FRAME_LENGTHS: Final = range(9, 13)

_SEPARATORS: Final = str.maketrans("", "", " -")
_CONFUSED: Final = {"I": "1", "O": "0", "Q": "0"}
_NORTH_AMERICA: Final = frozenset("12345")
_CHECK_POSITION: Final = 8
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VALUES: Final = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}


def normalised_vin(typed: str) -> str:
    """The VIN in capitals, without spaces and hyphens; raises InvalidIdentity.

    The check digit (49 CFR 565.15) must be right where it is mandatory: in VINs that begin with 1 to 5.
    """
    vin = _normalised(typed, "VIN")
    for letter, digit in _CONFUSED.items():
        if letter in vin:
            raise InvalidIdentity(f"A VIN has no letter {letter}: it is the digit {digit}.")
    if len(vin) != VIN_LENGTH:
        raise InvalidIdentity(f"A VIN has {VIN_LENGTH} characters, this one has {len(vin)}.")
    if vin[0] in _NORTH_AMERICA and not check_digit_fits(vin):
        raise InvalidIdentity(
            f"The check digit of this North American VIN (its 9th character) would be {check_digit(vin)}: "
            "one of the characters is wrong."
        )
    return vin


def normalised_frame_number(typed: str) -> str:
    """The frame number in capitals, without spaces and hyphens; raises InvalidIdentity."""
    number = _normalised(typed, "frame number")
    if len(number) not in FRAME_LENGTHS:
        raise InvalidIdentity(f"A frame number has 9 to 12 characters, this one has {len(number)}.")
    return number


def check_digit(vin: str) -> str:
    """The 9th character that the other sixteen ask for: weighted sum modulo 11, where X stands for 10."""
    remainder = sum(_VALUES[char] * weight for char, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)  # noqa: PLR2004 - the modulus leaves one two-digit remainder


def check_digit_fits(vin: str) -> bool:
    """Whether a normalised VIN has the check digit that it would have in North America."""
    return vin[_CHECK_POSITION] == check_digit(vin)


def _normalised(typed: str, what: str) -> str:
    kept = typed.translate(_SEPARATORS)
    for char in kept:
        if not char.isascii():  # before capitals are made: a dotless i would become a Latin I
            name = unicodedata.name(char, "an unnamed character")
            raise InvalidIdentity(f"{char!r} is {name}: a {what} is written in Latin letters and digits.")
        if not char.isalnum():
            raise InvalidIdentity(f"{char!r} cannot stand in a {what}.")
    return kept.upper()
