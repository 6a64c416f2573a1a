"""A fuel receipt: litres times price is the total, and its words say which is which."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from owners.domain.car import EnergyKind
from owners.domain.fuel.units import VolumeUnit
from owners.ocr.candidates import Amount, Candidate, FuelReceipt, Quantity, ranked
from owners.ocr.dates import dates_of, times_of
from owners.ocr.fiscal_qr import FiscalCode
from owners.ocr.lines import Line
from owners.ocr.money import currency_of
from owners.ocr.numerals import Numeral, numerals_of

TOLERANCE: Final = Decimal("0.01")
_VOLUMES: Final = (Decimal("0.5"), Decimal(2_000))
_PRICES: Final = (Decimal("0.1"), Decimal(100_000))
_LEAST_TOTAL: Final = Decimal("0.5")
_FARTHEST_LINES: Final = 4  # a printer breaks an item over two lines, a scanner adds one of its own

_KINDS: Final[tuple[tuple[EnergyKind, str], ...]] = (
    ("diesel", r"\bД[ТT]\b|\bдиз\w*|\bdiesel\b|\bgasoil\b|\bgazole\b"),
    ("lpg", r"\bСУГ\b|\bпропан\w*|\bLPG\b|\bautogas\b|\bGPL\b|\bсжиж\w*"),
    ("cng", r"\bКПГ\b|\bметан\w*|\bCNG\b"),
    ("electric", r"\bк?В[тt] ?[·*.]? ?ч\b|\bkWh\b|\bэлектроэнерг\w*|\bзарядк\w*"),
    (
        "petrol",
        r"(?<!\w)[АA][ИИNH][- ]?(?:80|92|95|98|100)|\bбензин\w*|\bpetrol\b|\bgasoline\b|\bunleaded\b|\bE(?:5|10)\b",
    ),
)
_KIND_PATTERNS: Final = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)
_TOTAL: Final = re.compile(r"итог|всего|к оплате|\btotal\b|\bsumme\b|amount due", re.IGNORECASE)
_PAID: Final = re.compile(r"сумма|наличн|безнал|электрон|картой|\bcash\b|\bcard\b|\bsale\b", re.IGNORECASE)
_OTHER_SUM: Final = re.compile(r"\bндс\b|\bvat\b|\btax\b|скидк|discount|сдача|change|бонус", re.IGNORECASE)
_UNIT_AFTER: Final[tuple[tuple[VolumeUnit, re.Pattern[str]], ...]] = (
    ("l", re.compile(r" *(?:л|л[иi]тр\w*|l|ltr|lit(?:er|re)s?)(?=[xXхХ*×✕]|[^\w/]|$)", re.IGNORECASE)),
    ("gal_us", re.compile(r" *(?:us )?gal(?:lons?)?\b", re.IGNORECASE)),
    ("kwh", re.compile(r" *(?:к?В[тt] ?[·*.]? ?ч|kWh)\b", re.IGNORECASE)),
    ("kg", re.compile(r" *(?:кг|kg)\b", re.IGNORECASE)),
)
_VOLUME_BEFORE: Final = re.compile(
    r"(?:кол(?:-во|ичество)?|об[ъь]ем|литр\w*|volume|lit(?:er|re)s?|gallons?|quantity|qty)\W{0,4}$", re.IGNORECASE
)
_PRICE_BEFORE: Final = re.compile(r"(?:цена(?: за литр)?|price(?:/\w+)?|@)\W{0,4}$", re.IGNORECASE)
_PRICE_AFTER: Final = re.compile(
    r" *(?:₽|руб\w*\.?|р\.?|€|\$|£|eur|тг)? ?(?:/|за) ?(?:л|l|gal|кВт|kwh|кг|kg)", re.IGNORECASE
)
_TIMES: Final = re.compile(r"[xXхХ*×✕]")


@dataclass(frozen=True, slots=True)
class _Purchase:
    volume: Numeral
    price: Numeral
    total: Numeral
    confidence: float


def fuel_receipt(lines: Sequence[Line], *, latest: date, fiscal: FiscalCode | None = None) -> FuelReceipt:
    """What the receipt says; the fiscal code, where there is one, is exact and says nothing of litres."""
    return _Reader(lines, latest, fiscal).read()


class _Reader:
    """Looks at one receipt."""

    def __init__(self, lines: Sequence[Line], latest: date, fiscal: FiscalCode | None) -> None:
        self._lines = lines
        self._latest = latest
        self._fiscal = fiscal
        self._numerals = numerals_of(lines)
        self._currency = "RUB" if fiscal else currency_of(lines)

    def read(self) -> FuelReceipt:
        purchases = list(self._purchases())
        days, times = list(dates_of(self._lines, latest=self._latest)), list(times_of(self._lines))
        totals = [self._money(each.total, each.confidence) for each in purchases] + list(self._named_totals())
        if code := self._fiscal:
            days.append(Candidate(code.moment.date(), 1.0, code.text, "fiscal_qr"))
            times.append(Candidate(code.moment.time(), 1.0, code.text, "fiscal_qr"))
            totals.append(Candidate(Amount(code.total, "RUB"), 1.0, code.text, "fiscal_qr"))
        volumes = [(each.volume, each.confidence) for each in purchases] + list(self._named_volumes())
        prices = [(each.price, each.confidence) for each in purchases] + list(self._named_prices())
        return FuelReceipt(
            purchased_on=ranked(days),
            purchased_at=ranked(times),
            energy_kind=ranked(self._kinds()),
            volume=ranked(Candidate(self._quantity(one), sure, self._text(one)) for one, sure in volumes),
            unit_price=ranked(self._money(one, sure) for one, sure in prices),
            total=ranked(totals),
            fiscal=(Candidate(code.sign, 1.0, code.text, "fiscal_qr"),) if code else (),
        )

    def _purchases(self) -> Iterator[_Purchase]:
        totals = sorted((each for each in self._numerals if each.value >= _LEAST_TOTAL), key=lambda each: each.value)
        values = [each.value for each in totals]
        for volume in self._numerals:
            if not _VOLUMES[0] <= volume.value <= _VOLUMES[1] or volume.value == 1 or volume.places > 3:  # noqa: PLR2004
                continue
            for price in self._numerals:
                if not _PRICES[0] <= price.value <= _PRICES[1] or price.value == 1 or price.overlaps(volume):
                    continue
                if abs(price.line - volume.line) > _FARTHEST_LINES:
                    continue
                product = volume.value * price.value
                first = bisect_left(values, product / (1 + TOLERANCE))
                last = bisect_right(values, product / (1 - TOLERANCE))
                for total in totals[first:last]:
                    if not (total.overlaps(volume) or total.overlaps(price)):
                        yield _Purchase(volume, price, total, self._confidence(volume, price, total))

    def _confidence(self, volume: Numeral, price: Numeral, total: Numeral) -> float:
        difference = abs(volume.value * price.value - total.value)
        rounding = volume.value * price.half_unit + price.value * volume.half_unit + total.half_unit
        sure = 0.45 + 0.2 * (difference <= rounding)
        sure += 0.1 * (self._beside(volume, price) - (volume.places == 0 and price.places == 0))
        sure += 0.15 * (self._unit(volume) is not None) - 0.4 * (self._unit(price) is not None)
        sure += 0.1 * self._is_price(price) - 0.4 * self._is_price(volume)
        sure += 0.05 * (volume.places == 3) + 0.1 * bool(_TOTAL.search(self._lines[total.line].text))  # noqa: PLR2004
        sure -= 0.2 * bool(_OTHER_SUM.search(self._lines[total.line].text))
        if self._fiscal is not None:
            sure += 0.2 if total.value == self._fiscal.total else -0.3
        # Three numbers that fit vouch for each other: a word that tesseract was unsure of is doubted half.
        return sure * (1 + min(volume.confidence, price.confidence, total.confidence)) / 2

    def _named_totals(self) -> Iterator[Candidate[Amount]]:
        for one in self._numerals:
            text = self._lines[one.line].text
            if _OTHER_SUM.search(text) or one.value < _LEAST_TOTAL:
                continue
            named = 0.6 if _TOTAL.search(text) else 0.4 if _PAID.search(text) else 0.0
            if named and self._is_last(one):
                yield self._money(one, (named + 0.1 * (one.places == 2)) * one.confidence)  # noqa: PLR2004

    def _named_volumes(self) -> Iterator[tuple[Numeral, float]]:
        for one in self._numerals:
            if _VOLUMES[0] <= one.value <= _VOLUMES[1]:
                named = 0.5 if self._unit(one) else 0.45 if _VOLUME_BEFORE.search(self._before(one)) else 0.0
                yield one, named * one.confidence

    def _named_prices(self) -> Iterator[tuple[Numeral, float]]:
        for one in self._numerals:
            if self._is_price(one) and _PRICES[0] <= one.value <= _PRICES[1]:
                yield one, 0.5 * one.confidence

    def _kinds(self) -> Iterator[Candidate[str]]:
        for line in self._lines:
            for kind, pattern in _KIND_PATTERNS:
                if match := pattern.search(line.text):
                    yield Candidate(kind, 0.9 * line.confidence(*match.span()), line.text)

    def _is_price(self, one: Numeral) -> bool:
        return bool(_PRICE_BEFORE.search(self._before(one)) or _PRICE_AFTER.match(self._after(one)))

    def _unit(self, one: Numeral) -> VolumeUnit | None:
        after = self._after(one)
        return next((unit for unit, pattern in _UNIT_AFTER if pattern.match(after)), None)

    def _quantity(self, one: Numeral) -> Quantity:
        unit = self._unit(one)
        if unit is None:
            before = self._before(one).casefold()
            unit = "gal_us" if "gallon" in before else "l" if re.search(r"литр|lit(?:er|re)", before) else None
        return Quantity(one.value, unit)

    def _beside(self, first: Numeral, second: Numeral) -> bool:
        if first.line != second.line:
            return False
        low, high = sorted((first, second), key=lambda one: one.start)
        return bool(_TIMES.search(self._lines[first.line].text[low.end : high.start]))

    def _is_last(self, one: Numeral) -> bool:
        return not any(each.line == one.line and each.start >= one.end for each in self._numerals)

    def _money(self, one: Numeral, sure: float) -> Candidate[Amount]:
        return Candidate(Amount(one.value, self._currency), sure, self._text(one))

    def _before(self, one: Numeral) -> str:
        return self._lines[one.line].text[: one.start]

    def _after(self, one: Numeral) -> str:
        return self._lines[one.line].text[one.end :]

    def _text(self, one: Numeral) -> str:
        return self._lines[one.line].text
