"""The values of one raw row, converted; every failure named by line and column."""

from __future__ import annotations

from datetime import time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from owners.currencies import current_currencies, minor_digits
from owners.domain.car import EnergyKind
from owners.domain.fuel.units import VolumeUnit, canonical_unit, measures
from owners.domain.odometer.reading import Unit
from owners.imports import dates, numerals, words
from owners.imports.conventions import Conventions, kind_of
from owners.imports.rows import RowProblem
from owners.imports.source import RawRow

MOST_MINOR: Final = 10**15
NAME_LENGTH: Final = 200
NOTE_LENGTH: Final = 2_000

_LARGEST: Final = {"odometer": Decimal(10**12), "volume": Decimal(10**6), "unit_price": Decimal(10**9)}
_DECIMALS: Final = {"odometer": Decimal("1e-6"), "volume": Decimal("0.001"), "unit_price": Decimal("1e-6")}
_BLANKS: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\r": "\n"})
_WRONG_FLAG: Final = "Yes or no is expected here."


class Reader:
    """The values of one row. What cannot be read becomes a problem and None, so that a row shows all it has."""

    def __init__(self, row: RawRow, conventions: Conventions) -> None:
        self.row = row
        self.conventions = conventions
        self.problems: list[RowProblem] = []

    def problem(self, name: str, code: str, message: str) -> None:
        """Notes that the field `name` is why the row is not imported."""
        header = self.row.headers.get(name, name)
        self.problems.append(RowProblem(self.row.line, header, code, message))

    def text(self, name: str, longest: int) -> str | None:
        """A text without the blanks around it; in CarPass' own files as it is."""
        text = self.row.cells.get(name)
        if text is None:
            return None
        if not self.conventions.verbatim:
            text = text.replace("\r\n", "\n").translate(_BLANKS).strip()
        if len(text) > longest:
            self.problem(name, "too_long", f"At most {longest} characters are kept here; these are {len(text)}.")
        return text or None

    def number(self, name: str) -> Decimal | None:
        """A number that is not negative."""
        text = self.row.cells.get(name)
        if text is None:
            return None
        try:
            value = numerals.number(text, self.conventions.separators.get(name))
        except numerals.NotANumber:
            self.problem(name, "not_a_number", f"{_shown(text)} is no number.")
            return None
        if value < 0:
            self.problem(name, "negative", f"{_shown(text)} is below 0.")
            return None
        return value

    def measure(self, name: str) -> Decimal | None:
        """A reading, volume or unit price with the decimals that are kept of it."""
        value = self.number(name)
        if value is None or (not value and self.conventions.zero_is_unknown):
            return None
        if value >= _LARGEST[name]:
            self.problem(name, "out_of_range", "This number is too large.")
            return None
        kept = value.quantize(_DECIMALS[name], ROUND_HALF_EVEN)
        return value if value == kept else kept

    def amount(self, name: str, currency: str | None) -> int | None:
        """Minor units, rounded half to even."""
        value = self.number(name)
        if value is None:
            return None
        if currency is None:
            self.problem(name, "currency_missing", "No currency is told for this amount.")
            return None
        minor = int(value.scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_EVEN))
        if minor > MOST_MINOR:
            self.problem(name, "out_of_range", "This amount is too large.")
            return None
        return minor

    def currency(self) -> str | None:
        """The row's own currency, else the file's."""
        told = self.row.cells.get("currency")
        if told is None:
            return self.conventions.currency
        code = told.strip().upper()
        if code in current_currencies():
            return code
        named = numerals.currencies_of(f"1 {told}")
        if len(named) == 1:
            return named[0]
        self.problem("currency", "unknown_currency", f"{_shown(told)} is no currency in use.")
        return None

    def moment(self) -> dates.Moment | None:
        """When it happened; a problem when the row does not tell."""
        text = self.row.cells.get("day")
        if text is None:
            self.problem("day", "missing", "A date is missing.")
            return None
        try:
            found = dates.moment(text.strip(), self.conventions.date_order, self.conventions.time_zone)
        except dates.NotADate:
            self.problem("day", "not_a_date", f"{_shown(text)} is no date.")
            return None
        return dates.Moment(found.day, found.at or self._time())

    def _time(self) -> time | None:
        text = self.row.cells.get("time")
        if text is None:
            return None
        try:
            return dates.time_of_day(text)
        except dates.NotADate:
            self.problem("time", "not_a_time", f"{_shown(text)} is no time of day.")
            return None

    def odometer(self) -> tuple[Decimal | None, Unit | None]:
        """The reading and its unit, or neither."""
        value = self.measure("odometer")
        if value is None:
            return None, None
        text = self.row.cells.get("distance_unit")
        unit = self.conventions.distance_unit if text is None else words.distance_unit(text)
        if unit is None:
            self.problem("distance_unit", "unknown_unit", f"{_shown(text or '')} is neither kilometres nor miles.")
        return value, unit

    def flag(self, name: str) -> bool | None:
        """Yes or no; None when the row does not tell."""
        text = self.row.cells.get(name)
        if text is None:
            return None
        value = words.flag(text)
        if value is None:
            self.problem(name, "not_a_flag", f"{_shown(text)}: {_WRONG_FLAG}")
        return value

    def full(self) -> bool:
        """Whether the tank was filled up."""
        full, partial = self.flag("full"), self.flag("partial")
        if full is None and partial is None:
            return bool(self.conventions.full)
        return full if full is not None else not partial

    def energy(self) -> EnergyKind:
        """The kind that the row names, else the declared one."""
        kind = kind_of(self.row.cells) or self.conventions.energy_kind
        if kind is None:
            self.problem("energy", "unknown_fuel", "What kind of fuel this is was not told.")
        return kind or "petrol"

    def volume_unit(self, kind: EnergyKind) -> VolumeUnit:
        """The row's own unit, else the file's where this kind comes in it, else what this kind is counted in."""
        text = self.row.cells.get("volume_unit")
        canonical = canonical_unit(kind)
        unit = self.conventions.volume_unit if text is None else words.volume_unit(text) or self._gallons(text)
        if text is None and canonical != "l" and (unit is None or not measures(unit, kind)):
            return canonical
        if unit is None:
            if "volume" in self.row.cells:
                self.problem("volume_unit", "unknown_unit", f"{_shown(text or '')} is no unit that is known here.")
            return canonical
        if not measures(unit, kind):
            self.problem("volume_unit", "unit_mismatch", f"{kind} does not come in {unit}.")
        return unit

    def _gallons(self, text: str) -> VolumeUnit | None:
        declared = self.conventions.volume_unit
        return declared if words.is_gallons(text) and declared in {"gal_us", "gal_uk"} else None

    def whole(self, name: str) -> int | None:
        """A whole number above 0."""
        value = self.number(name)
        if value is None or not value:
            return None
        if value != int(value) or value > 10**6:
            self.problem(name, "not_a_number", "A whole number is expected here.")
            return None
        return int(value)


def _shown(text: str) -> str:
    """A value of the file in a message: short, and in quotes."""
    return f'"{text[:40]}"'
