"""What stands on the pages: the car, sums of its records, and all records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

import orjson

from contracts.exchange import LISTS
from contracts.exchange_records import Kind
from owners.pdf.layout import Column, Layout
from owners.pdf.paper import Paper
from owners.pdf.words import Speech

type Told = Mapping[str, Any]

_TITLE_SIZE: Final = 18
_ABOUT: Final = ("vin", "frame_number", "plate", "year")
_COST_OF: Final[Mapping[Kind, tuple[str, str]]] = {
    "fuel_entry": ("total_minor", "fuel"),
    "service_entry": ("cost_minor", "service"),
    "expense": ("amount_minor", ""),
}


class Life:
    """A car's life as it comes in: a line about the car, then one for each record. They stay packed as they came."""

    def __init__(self, about: Told) -> None:
        self.about = about
        self._records: dict[Kind, list[bytes]] = {kind: [] for kind in LISTS}
        self.costs: Counter[tuple[str, str, str]] = Counter()
        self.days: list[str] = []
        self.odometer: tuple[str, str, str] | None = None

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> Life:
        """From the lines of export.py."""
        coming = iter(lines)
        life = cls(orjson.loads(next(coming)))
        for line in coming:
            life._add(line)
        return life

    def records(self, kind: Kind) -> Iterator[Told]:
        """Each record of a kind, in its order."""
        return map(orjson.loads, self._records[kind])

    def has(self, kind: Kind) -> bool:
        """Whether there is any."""
        return bool(self._records[kind])

    def _add(self, line: bytes) -> None:
        told: Told = orjson.loads(line)
        kind: Kind = told["kind"]
        self._records[kind].append(line)
        if (day := told.get("date")) is not None:
            self.days = [min(day, *self.days[:1]), max(day, *self.days[1:])] if self.days else [day, day]
        if kind in _COST_OF:
            field, category = _COST_OF[kind]
            if told[field] is not None:
                self.costs[told["date"][:4], category or told["category"], told["currency"]] += told[field]
        if (read := told.get("odometer")) is not None and told["verdict"] == "ok":
            last = self.odometer
            if last is None or last[0] <= read["observed_on"]:
                self.odometer = (read["observed_on"], read["value"], read["unit"])


class Report:
    """The report on a life, in its owner's language."""

    def __init__(self, life: Life, file: IO[bytes]) -> None:
        self._life = life
        self._say = Speech(life.about["locale"])
        car = life.about["car"]
        parts = (car["make"], car["model"], car["nickname"])
        self._name = " ".join(part for part in parts if part) or car["vin"] or car["plate"] or car["frame_number"] or ""
        title = f"{self._say.word('title')}: {self._name}"
        self._paper = Paper(file, title)
        footer = self._say.word("page")
        self._layout = Layout(self._paper, lambda number: footer.format(car=self._name, number=number))
        self._title = title

    def write(self) -> None:
        """All of it."""
        self._head()
        self._consumption()
        self._costs()
        self._services()
        self._fuel()
        self._expenses()
        self._readings()
        self._documents()
        self._layout.end()
        self._paper.end()

    def _head(self) -> None:
        say, about = self._say, self._life.about
        car = about["car"]
        self._layout.heading(self._title, _TITLE_SIZE)
        told = [(name, str(car[name])) for name in _ABOUT if car[name] is not None]
        if car["tags"]:
            told.append(("tags", ", ".join(car["tags"])))
        bought = [say.day(car["purchase_date"]), say.money(car["purchase_price_minor"], car["purchase_currency"])]
        if any(bought):
            told.append(("purchase", ", ".join(filter(None, bought))))
        if self._life.days:
            told.append(("period", " – ".join(say.day(day) for day in self._life.days)))
        if self._life.odometer:
            day, value, unit = self._life.odometer
            told.append(("odometer", say.word("of_day").format(value=say.measure(value, unit), day=say.day(day))))
        for name, text in told:
            self._layout.paragraph(f"{say.word(name)}: {text}")
        if not self._life.days:
            self._layout.paragraph(say.word("none"))
        self._layout.paragraph(say.word("made").format(day=say.day(about["made_on"])), grey=True)
        self._layout.paragraph(say.word("provenance"), grey=True)

    def _consumption(self) -> None:
        told = [one for one in self._life.about["consumption"] if one["average"] is not None]
        if not told:
            return
        say = self._say
        self._layout.heading(say.word("consumption"))
        self._layout.paragraph(say.word("consumption_note"), grey=True)
        for one in told:
            figure = f"{say.measure(one['average'], one['unit'])} {say.word('per_100_km')}"
            self._layout.paragraph(f"{say.word(one['energy_kind'])}: {figure}")

    def _costs(self) -> None:
        costs = self._life.costs
        if not costs:
            return
        say = self._say
        self._layout.heading(say.word("costs"))
        columns = (
            self._column("year", 0.15),
            self._column("category", 0.5),
            self._column("amount", 0.35, to_right=True),
        )
        rows = ((year, say.word(what), say.money(sum_, money)) for (year, what, money), sum_ in sorted(costs.items()))
        self._layout.table(columns, rows)

    def _services(self) -> None:
        say = self._say
        columns = (
            self._date(0.12),
            self._column("odometer", 0.15),
            self._column("source", 0.16),
            self._column("what", 0.4),
            self._column("amount", 0.17, to_right=True),
        )

        def row(told: Told) -> tuple[str, ...]:
            cost = say.money(told["cost_minor"], told["currency"])
            return self._odometer(told), say.word(told["provenance"]), _lines(told), cost

        self._section("service_entry", "services", columns, row)

    def _fuel(self) -> None:
        say = self._say
        columns = (
            self._date(0.12),
            self._column("odometer", 0.17),
            self._column("kind", 0.13),
            self._column("volume", 0.2),
            self._column("note", 0.21),
            self._column("amount", 0.17, to_right=True),
        )

        def row(told: Told) -> tuple[str, ...]:
            filled = [say.measure(told["volume"], told["volume_unit"]), say.word("full") if told["full"] else ""]
            said = "; ".join(filter(None, (told["station"], told["note"])))
            amount = say.money(told["total_minor"], told["currency"])
            return self._odometer(told), say.word(told["energy_kind"]), ", ".join(filter(None, filled)), said, amount

        self._section("fuel_entry", "fuel", columns, row)

    def _expenses(self) -> None:
        say = self._say
        columns = (
            self._date(0.12),
            self._column("odometer", 0.17),
            self._column("category", 0.16),
            self._column("note", 0.38),
            self._column("amount", 0.17, to_right=True),
        )

        def row(told: Told) -> tuple[str, ...]:
            amount = say.money(told["amount_minor"], told["currency"])
            return self._odometer(told), say.word(told["category"]), told["note"] or "", amount

        self._section("expense", "expenses", columns, row)

    def _readings(self) -> None:
        columns = (self._date(0.15), self._column("odometer", 0.5), self._column("source", 0.35))
        self._section(
            "reading", "readings", columns, lambda told: (self._odometer(told), self._say.word(told["provenance"]))
        )

    def _documents(self) -> None:
        if not self._life.has("document"):
            return
        say = self._say
        self._layout.heading(say.word("documents"))
        shares = {"kind": 0.16, "number": 0.3, "issued": 0.12, "expires": 0.14, "note": 0.28}
        rows = (
            (
                say.word(told["document_kind"]),
                ", ".join(filter(None, (told["number"], told["issued_by"]))),
                say.day(told["issued_on"]),
                say.day(told["expires_on"]),
                told["note"] or "",
            )
            for told in self._life.records("document")
        )
        self._layout.table([self._column(name, share) for name, share in shares.items()], rows)

    def _section(
        self, kind: Kind, heading: str, columns: Sequence[Column], row: Callable[[Told], Sequence[str]]
    ) -> None:
        if not self._life.has(kind):
            return
        self._layout.heading(self._say.word(heading))
        rows = ((self._say.day(told["date"]), *row(told)) for told in self._life.records(kind))
        self._layout.table(columns, rows)

    def _odometer(self, told: Told) -> str:
        read = told["odometer"]
        if read is None:
            return ""
        value = self._say.measure(read["value"], read["unit"])
        return value if told["verdict"] == "ok" else f"{value} ({self._say.word(told['verdict'])})"

    def _date(self, share: float) -> Column:
        return self._column("date", share)

    def _column(self, name: str, share: float, *, to_right: bool = False) -> Column:
        return Column(self._say.word(name), share, to_right)


def _lines(told: Told) -> str:
    lines = ", ".join(line["title"] for line in told["lines"])
    return "\n".join(filter(None, (lines, told["vendor"], told["note"])))
