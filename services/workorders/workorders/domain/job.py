"""A job: the unit that the car's owner authorises or declines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from workorders.domain.decision import Decision
from workorders.domain.errors import UnknownLine
from workorders.domain.lines import LaborLine, LaborTerms, Line, NextService, ProductLine, ProductTerms, Terms
from workorders.domain.money import Amounts, Pricing, sum_of
from workorders.domain.status import JobStatus


@dataclass(slots=True, kw_only=True)
class Job:
    """Labor and product lines under one title, and on what ground they may be done."""

    id: UUID
    title: str
    status: JobStatus = JobStatus.PROPOSED
    labor: list[LaborLine] = field(default_factory=list)
    products: list[ProductLine] = field(default_factory=list)
    authorisation: Decision | None = None

    @property
    def lines(self) -> Iterator[LaborLine | ProductLine]:
        """Labor first."""
        yield from self.labor
        yield from self.products

    @property
    def priced(self) -> bool:
        """Whether it has a line; 0 is a price."""
        return bool(self.labor or self.products)

    @property
    def authorised_minor(self) -> int:
        """What the owner agreed to pay for it; 0 unless it is authorised."""
        return self.authorisation.total_minor if self.authorisation else 0

    @property
    def next_service(self) -> NextService | None:
        """The soonest interval of its lines."""
        intervals = [line.terms.next_service for line in self.lines if line.terms.next_service]
        if not intervals:
            return None
        return NextService(
            km=min((each.km for each in intervals if each.km), default=None),
            months=min((each.months for each in intervals if each.months), default=None),
        )

    def amounts(self, pricing: Pricing) -> Amounts:
        """What it comes to."""
        return sum_of(line.amounts(pricing) for line in self.lines)

    def labor_line(self, line_id: UUID) -> LaborLine:
        """Raises UnknownLine."""
        return _named(self.labor, line_id)

    def product_line(self, line_id: UUID) -> ProductLine:
        """Raises UnknownLine."""
        return _named(self.products, line_id)

    def add_labor(self, line_id: UUID, terms: LaborTerms) -> None:
        """Appends a line."""
        self.labor.append(Line(id=line_id, terms=terms))

    def add_product(self, line_id: UUID, terms: ProductTerms) -> None:
        """Appends a line."""
        self.products.append(Line(id=line_id, terms=terms))

    def await_offer(self) -> None:
        """Back among what is still to be offered; an estimate's discount goes with the estimate."""
        self.status = JobStatus.PROPOSED
        for line in self.lines:
            line.order_discount = 0

    def void(self) -> None:
        """Its authorisation no longer holds: it needs a new decision."""
        self.status = JobStatus.VOID
        self.authorisation = None


def _named[T: Terms](lines: list[Line[T]], line_id: UUID) -> Line[T]:
    for line in lines:
        if line.id == line_id:
            return line
    raise UnknownLine("The job has no such line.")
