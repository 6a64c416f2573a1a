"""Numbers as receipts print them: decimal comma or point, groups of three, a sign of multiplication in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from owners.ocr.lines import Line

MOST_NUMERALS: Final = 150
_MOST_DIGITS: Final = 9  # an amount has fewer; tax and device numbers have more
_GROUP: Final = 3
_SURE_PLACES: Final = frozenset({1, 2, 4, 5, 6})
_TIMES: Final = "xXхХ*×✕"
_SPLIT_CERTAINTY: Final = 0.8
_PART_CERTAINTY: Final = 0.6  # `050,00` of `7 050,00`

_TOKEN: Final = re.compile(r"\d+(?:[.,'’]\d+)*", re.ASCII)
_GROUPED: Final = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?:[.,]\d{1,2})?(?![\d]|[.,]\d)", re.ASCII)
_BROKEN: Final = re.compile(r"(?<![\d.,])(\d+)(?: [.,] ?|[.,] )(\d{2,3})(?![\d.,])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Numeral:
    """One way to read some digits of a line. `places`: printed decimals; `line`: its index."""

    value: Decimal
    places: int
    line: int
    start: int
    end: int
    confidence: float

    def overlaps(self, other: Numeral) -> bool:
        """Whether both read some of the same digits."""
        return self.line == other.line and self.start < other.end and other.start < self.end

    @property
    def half_unit(self) -> Decimal:
        """Half of the last printed place: how far the printed value may be from the exact one."""
        return Decimal(5).scaleb(-self.places - 1)


def numerals_of(lines: Sequence[Line]) -> list[Numeral]:
    """Every reading of every number; dates, times, percentages and digits that belong to a word are none."""
    found = [numeral for index, line in enumerate(lines) for numeral in _in_line(line, index)]
    return found[:MOST_NUMERALS]


def decimals_of(text: str) -> list[Decimal]:
    """The values that a token of digits and separators can stand for, the likelier first."""
    separators = re.findall(r"[.,'’]", text)
    parts = re.split(r"[.,'’]", text)
    if sum(len(part) for part in parts) > _MOST_DIGITS:
        return []
    whole, last = "".join(parts[:-1]), parts[-1]
    if not separators:
        return [Decimal(last)]
    as_decimal = [] if separators[-1] in separators[:-1] else [Decimal(f"{whole}.{last}")]
    grouped = all(len(part) == _GROUP for part in parts[1:-1]) and 1 <= len(parts[0]) <= _GROUP and parts[0] != "0"
    if len(separators) > 1 and not grouped:
        return []
    if len(last) != _GROUP:
        return as_decimal if len(last) in _SURE_PLACES else []
    one_kind = len(set(separators)) == 1
    return as_decimal + ([Decimal(whole + last)] if grouped and one_kind else [])


def _in_line(line: Line, index: int) -> Iterator[Numeral]:
    text = line.text
    grouped = [match for match in _GROUPED.finditer(text) if _stands_alone(text, *match.span())]
    for match in grouped:
        yield from _read(line, index, match.span(), decimals_of(match[0].replace(" ", "")))
    for match in _TOKEN.finditer(text):
        if _stands_alone(text, *match.span()):
            inside = any(group.start() <= match.start() < group.end() for group in grouped)
            yield from _read(line, index, match.span(), decimals_of(match[0]), _PART_CERTAINTY if inside else 1.0)
    for match in _BROKEN.finditer(text):
        if _stands_alone(text, *match.span()):
            yield from _read(line, index, match.span(), [Decimal(f"{match[1]}.{match[2]}")], _SPLIT_CERTAINTY)


def _read(
    line: Line, index: int, span: tuple[int, int], values: Iterable[Decimal], certainty: float = 1.0
) -> Iterator[Numeral]:
    for value in values:
        places = max(0, -int(value.as_tuple().exponent))
        yield Numeral(value, places, index, *span, line.confidence(*span) * certainty)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Not a part of a word (АИ-95, 5W-30), a time, a percentage, a number with dashes or slashes."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before and (before[-1].isalpha() and before[-1] not in _TIMES):
        return False
    if before and before[-1] in "-/:№#" and before != " -":
        return False
    if after[:1] in {"%", ":", "/"} and not after[1:].isalpha():
        return False
    return not (after[:1] == "-" and after[1:].isalnum()) and after.strip()[:1] != "%" and after[:1] not in {"W", "w"}
