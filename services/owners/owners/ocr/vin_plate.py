"""A VIN on a plate or a document, or in the bar code beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from owners.domain.errors import InvalidIdentity
from owners.domain.identity import VIN_LENGTH, check_digit_fits, normalised_vin
from owners.ocr.candidates import Candidate, VinValue, ranked
from owners.ocr.lines import Line

_CYRILLIC: Final = str.maketrans("АВЕКМНОРСТХУЗБ", "ABEKMHOPCTXY36")
_NEVER_IN_A_VIN: Final = str.maketrans("IOQ", "100")
# Pairs that a reader takes for each other, both ways.
_ALIKE: Final = {
    **dict(zip("8B5S2Z6G0D1L4A7T3", "B8S5Z2G6D0L1A4T7E", strict=True)),
    "U": "V", "V": "U", "J": "1", "C": "G", "E": "3", "M": "N", "N": "M", "H": "M",
}  # fmt: skip
_DIGIT_FOR: Final = {"B": "8", "S": "5", "Z": "2", "G": "6", "D": "0", "L": "1", "A": "4", "T": "7"}
_SERIAL: Final = slice(-4, None)  # ISO 3779: the last four are digits
_MOST_JOINED: Final = 6
_MOST_SWAPS: Final = 2
_SEPARATORS: Final = re.compile(r"[\s*\-_.:<>«»\"'|]+")
_LABEL: Final = re.compile(r"\bVIN\b|идентификац|шасси|chassis|кузов", re.IGNORECASE)
_AS_READ: Final = 0.6
_CHECKED: Final = 0.3
_LABELLED: Final = 0.08
_CORRECTED: Final = (1.0, 0.8, 0.5)


def vins(lines: Sequence[Line], barcodes: Sequence[str] = ()) -> tuple[Candidate[VinValue], ...]:
    """VINs by the domain's rules. Letters that no VIN has are read as the digits that they look like.

    Where the check digit does not fit, one or two further look-alikes that make it fit are offered as well.
    """
    return ranked([*_in_barcodes(barcodes), *_in_text(lines)])


def _in_barcodes(barcodes: Sequence[str]) -> Iterator[Candidate[VinValue]]:
    for text in barcodes:
        code = text.strip().strip("*")
        if len(code) == VIN_LENGTH + 1 and code[0] == "I":  # the import mark of Code 39 labels
            code = code[1:]
        if _is_vin(code):
            yield Candidate(
                VinValue(code.upper(), check_digit_fits(code.upper()), corrected=False), 1.0, text, "barcode"
            )


def _in_text(lines: Sequence[Line]) -> Iterator[Candidate[VinValue]]:
    labelled = _LABELLED if any(_LABEL.search(line.text) for line in lines) else 0.0
    for line in lines:
        for raw, confidence in _stretches(line):
            upper = raw.upper()
            latin = upper.translate(_CYRILLIC)
            read = latin.translate(_NEVER_IN_A_VIN)
            for swaps, vin in _readings(read):
                fits = check_digit_fits(vin)
                sure = (_AS_READ + _CHECKED * fits + labelled) * _CORRECTED[swaps]
                corrected = vin != upper
                yield Candidate(VinValue(vin, fits, corrected), sure * (1 + confidence) / 2, line.text)


def _stretches(line: Line) -> Iterator[tuple[str, float]]:
    """Runs of whole words that have 17 characters together, with how sure the least sure word is."""
    words = [(_SEPARATORS.sub("", word.text), word.confidence) for word in line.words]
    for first in range(len(words)):
        joined, confidence = "", 1.0
        for text, sure in words[first : first + _MOST_JOINED]:
            joined, confidence = joined + text, min(confidence, sure)
            if len(joined) >= VIN_LENGTH:
                break
        # Words of letters alone make 17 characters now and then, and no VIN.
        if len(joined) == VIN_LENGTH and joined.isalnum() and any(char.isdecimal() for char in joined):
            yield joined, confidence


def _readings(read: str) -> Iterator[tuple[int, str]]:
    """The VIN as it was read, with a serial number of digits, and with look-alikes that make the check digit fit."""
    serial = "".join(_DIGIT_FOR.get(char, char) for char in read[_SERIAL])
    if not serial.isdecimal():
        return
    vin = read[: -len(serial)] + serial
    if _is_vin(vin):
        yield int(vin != read), vin
    if not vin.isascii() or check_digit_fits(vin):
        return
    places = [place for place, char in enumerate(vin[: -len(serial)]) if char in _ALIKE]
    for swaps in range(1, 1 + (_MOST_SWAPS if vin[0] in "12345" else 1)):  # elsewhere few bear the check digit
        for chosen in combinations(places, swaps):
            other = "".join(_ALIKE[char] if place in chosen else char for place, char in enumerate(vin))
            if _is_vin(other) and check_digit_fits(other):
                yield swaps, other


def _is_vin(text: str) -> bool:
    try:
        return normalised_vin(text) == text.upper()
    except InvalidIdentity:
        return False
