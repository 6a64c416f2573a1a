"""Dates and times as papers print them, day first, month first or year first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time
from typing import Final

from owners.ocr.candidates import Candidate
from owners.ocr.lines import Line

_EARLIEST: Final = date(1990, 1, 1)
_NUMERIC: Final = re.compile(r"(?<![\d.,])(\d{1,2})([./\-])(\d{1,2})\2(\d{4}|\d{2})(?![\d]|[.,]\d)", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(?<!\d)(\d{4})([./\-])(\d{2})\2(\d{2})(?!\d)", re.ASCII)
_NAMED: Final = re.compile(r"(?<!\d)(\d{1,2})[ .]+([A-Za-zА-Яа-яё]{3,9})\.?,? +(\d{4})(?!\d)")
_TIME: Final = re.compile(r"(?<![\d:.,])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?![\d:])", re.ASCII)
_MONTHS: Final = (
    ("янв", "jan"), ("фев", "feb"), ("мар", "mar"), ("апр", "apr"), ("мая", "may"), ("июн", "jun"),
    ("июл", "jul"), ("авг", "aug"), ("сен", "sep"), ("окт", "oct"), ("ноя", "nov"), ("дек", "dec"),
)  # fmt: skip
_LABEL: Final = re.compile(r"\b(?:дата|date|от|время|time|чек)\b", re.IGNORECASE)
_OTHER_DATE: Final = re.compile(
    r"\b(?:до|valid|expir\w*|действ\w*|срок|рожд\w*|due|оплатить|договор\w*|следующ\w*|next)\b", re.IGNORECASE
)
_MONTH_FIRST_CERTAINTY: Final = 0.45
_BESIDE_TIME: Final = 0.15
_LABELLED: Final = 0.05
_OF_SOMETHING_ELSE: Final = 0.35


def dates_of(lines: Sequence[Line], *, latest: date) -> Iterator[Candidate[date]]:
    """Every date up to `latest`; where day and month can be exchanged, both readings."""
    for line in lines:
        bonus = _BESIDE_TIME * bool(_TIME.search(line.text)) + _LABELLED * bool(_LABEL.search(line.text))
        bonus -= _OF_SOMETHING_ELSE * bool(_OTHER_DATE.search(line.text))
        for day, certainty, start, end in _read(line.text):
            if _EARLIEST <= day <= latest:
                confidence = line.confidence(start, end) * (certainty + bonus)
                yield Candidate(day, confidence, line.text)


def times_of(lines: Sequence[Line]) -> Iterator[Candidate[time]]:
    """Every time of day; one that stands beside a date is likelier that of the purchase."""
    for line in lines:
        dated = bool(_NUMERIC.search(line.text) or _YEAR_FIRST.search(line.text) or _NAMED.search(line.text))
        for match in _TIME.finditer(line.text):
            moment = time(int(match[1]), int(match[2]), int(match[3] or 0))
            yield Candidate(moment, line.confidence(*match.span()) * (0.95 if dated else 0.6), line.text)


def _read(text: str) -> Iterator[tuple[date, float, int, int]]:
    for match in _YEAR_FIRST.finditer(text):
        if (day := _date(match[1], match[3], match[4])) is not None:
            yield day, 0.8, *match.span()
    for match in _NUMERIC.finditer(text):
        day_first = _date(_year(match[4]), match[3], match[1])
        month_first = _date(_year(match[4]), match[1], match[3])
        unsure = match[2] == "/" and day_first is not None and month_first is not None and day_first != month_first
        if day_first is not None:
            yield day_first, 0.6 if unsure else 0.8, *match.span()
        if month_first is not None and match[2] == "/":
            yield month_first, _MONTH_FIRST_CERTAINTY if day_first is not None else 0.7, *match.span()
    for match in _NAMED.finditer(text):
        month = _month(match[2])
        if month and (day := _date(match[3], str(month), match[1])) is not None:
            yield day, 0.8, *match.span()


def _year(printed: str) -> str:
    return printed if len(printed) > 2 else f"20{printed}"  # noqa: PLR2004 - of two or four digits


def _month(name: str) -> int:
    lower = name.lower()
    return next((number for number, names in enumerate(_MONTHS, 1) if lower.startswith(names)), 0)


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
