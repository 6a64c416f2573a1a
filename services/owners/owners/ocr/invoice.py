"""A service center's invoice: what was done, for how much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Final

from owners.ocr.candidates import Amount, Candidate, Invoice, InvoiceLine, ranked, tidy
from owners.ocr.dates import dates_of
from owners.ocr.fiscal_qr import FiscalCode
from owners.ocr.lines import Line
from owners.ocr.money import currency_of
from owners.ocr.numerals import Numeral, numerals_of

MOST_LINES: Final = 100
_CENTS: Final = 2
_LEAST_LETTERS: Final = 3
_MOST_TITLE: Final = 200
_DUE: Final = re.compile(r"к оплате|amount due|balance due|grand total|\bсумма счета\b", re.IGNORECASE)
_TOTAL: Final = re.compile(r"\bитог|\bвсего\b|\btotal\b|\bsumme\b", re.IGNORECASE)
_NO_LINE: Final = re.compile(
    r"\bв т(?:ом|\.) ?ч|\bндс\b|\bvat\b|\btax\b|\bsub-?total\b|сдача|наличн|безнал|картой|\bскидк|discount"
    r"|\bинн\b|\bкпп\b|\bтел\b|\bбик\b|\bр/с\b|\bпробег\b|mileage|\bvin\b|госномер",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"(?<!\w)[\s\d.,'’xXхХ*×=]*(?:\b(?:шт|л|н/?ч|ч|компл?|pcs|ea|h|hrs?|l)\b\.?[\s\d.,'’xXхХ*×=]*)?$"
)
_NUMBERING: Final = re.compile(r"^\d{1,3}[.)]?\s+(?=\D)")


def invoice(lines: Sequence[Line], *, latest: date, fiscal: FiscalCode | None = None) -> Invoice:
    """Date, lines and total; lines that add up to the total vouch for each other."""
    currency = "RUB" if fiscal else currency_of(lines)
    numerals = numerals_of(lines)
    items = list(_items(lines, numerals))[:MOST_LINES]
    totals = list(_totals(lines, numerals, currency))
    added = sum((amount for _, amount, _, _ in items), Decimal(0))
    agree = len(items) > 1 and any(each.value.amount == added for each in totals)
    totals = [
        Candidate(each.value, each.confidence + 0.2 * (agree and each.value.amount == added), each.text)
        for each in totals
    ]
    days = list(dates_of(lines, latest=latest))
    if fiscal is not None:
        days.append(Candidate(fiscal.moment.date(), 1.0, fiscal.text, "fiscal_qr"))
        totals.append(Candidate(Amount(fiscal.total, "RUB"), 1.0, fiscal.text, "fiscal_qr"))
    return Invoice(
        invoice_date=ranked(days),
        lines=tuple(
            tidy(Candidate(InvoiceLine(title, Amount(amount, currency)), (0.65 + 0.25 * agree) * sure, text))
            for title, amount, sure, text in items
        ),
        total=ranked(totals),
        fiscal=(Candidate(fiscal.sign, 1.0, fiscal.text, "fiscal_qr"),) if fiscal else (),
    )


def _items(lines: Sequence[Line], numerals: Sequence[Numeral]) -> Iterator[tuple[str, Decimal, float, str]]:
    """Title, amount, confidence and text; a title without an amount goes on in the next line."""
    begun: Line | None = None
    for index, line in enumerate(lines):
        if _is_summary(line.text):
            begun = None
            continue
        amount = _amount_at_end(numerals, line, index)
        if amount is None:
            begun = line if _is_title(line.text) else None
            continue
        own = _title(line.text[: amount.start])
        # Where a title is broken, its first half ends without a figure and the other one starts in lower case.
        broken = begun is not None and (not _is_title(own) or own[:1].islower())
        title = f"{_title(begun.text)} {own}".strip() if broken and begun is not None else own
        text = f"{begun.text}\n{line.text}" if broken and begun is not None else line.text
        if _is_title(title):
            yield title[:_MOST_TITLE], amount.value, amount.confidence, text
        begun = None


def _totals(lines: Sequence[Line], numerals: Sequence[Numeral], currency: str | None) -> Iterator[Candidate[Amount]]:
    for index, line in enumerate(lines):
        named = 0.75 if _DUE.search(line.text) else 0.65 if _TOTAL.search(line.text) else 0.0
        amount = _amount_at_end(numerals, line, index, whole=True)
        if named and amount is not None and not _NO_LINE.search(line.text):
            yield Candidate(Amount(amount.value, currency), named * amount.confidence, line.text)


def _amount_at_end(numerals: Sequence[Numeral], line: Line, index: int, *, whole: bool = False) -> Numeral | None:
    """The last number of the line, when nothing but a currency follows it.

    Without `whole` it must be printed with cents: other numbers are quantities, article numbers, kilometres.
    """
    here = [each for each in numerals if each.line == index]
    amounts = [each for each in here if each.places == _CENTS or (whole and each.places == 0)]
    last = max((each.end for each in amounts), default=0)
    if re.search(r"[^\W\d_]{4,}|\d", line.text[last:]):
        return None
    ending = [each for each in amounts if each.end == last]
    # Of `1 900,00` the reading that is quantity times price, if one is; else the longer.
    return min(ending, key=lambda each: (not _is_product(each, here), each.start), default=None)


def _is_product(amount: Numeral, here: Sequence[Numeral]) -> bool:
    factors = [each for each in here if each.end <= amount.start]
    return any(first.value * second.value == amount.value for first, second in combinations(factors, 2))


def _is_summary(text: str) -> bool:
    return bool(_NO_LINE.search(text) or _TOTAL.search(text) or _DUE.search(text))


def _is_title(text: str) -> bool:
    return sum(char.isalpha() for char in text) >= _LEAST_LETTERS


def _title(text: str) -> str:
    """Without its number in front and the quantity and price behind."""
    columns = [column for column in text.split("  ") if _is_title(column)]
    title = columns[0] if columns and "  " in text.strip() else _TAIL.sub("", text)
    return _NUMBERING.sub("", title.strip()).strip(" .,:;|-=")
