"""An estimate version: what exactly the owner is asked to agree to, frozen and hashed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from workorders.domain.job import Job
from workorders.domain.lines import LaborLine, Line, ProductLine, Terms
from workorders.domain.money import Amounts, Pricing, sum_of
from workorders.domain.status import EstimateState, JobStatus

VALIDITY: Final = timedelta(days=14)

type Json = str | int | bool | Sequence[Json] | Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class Document:
    """A content as canonical JSON (RFC 8785), and the SHA-256 of its UTF-8 bytes."""

    text: str
    sha256: str


type Seal = Callable[[Mapping[str, Json]], Document]
"""Makes the canonical form and the hash."""


@dataclass(frozen=True, slots=True)
class OfferedJob:
    """A job of an estimate with its total, tax included."""

    job_id: UUID
    title: str
    total_minor: int
    status: JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A version as the order remembers it. Only an open one, before `valid_until`, can be decided."""

    version: int
    sha256: str
    total_minor: int
    tolerance_minor: int
    sent_at: datetime
    valid_until: datetime
    state: EstimateState = EstimateState.OPEN

    def can_be_decided(self, at: datetime) -> bool:
        """Whether an answer at this instant counts."""
        return self.state is EstimateState.OPEN and at < self.valid_until


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateTerms:
    """What the content says beside its jobs."""

    work_order_id: UUID
    number: int
    center_id: UUID
    car_id: UUID
    version: int
    tolerance_minor: int
    already_authorised_minor: int
    sent_at: datetime
    valid_until: datetime


def estimate_content(terms: EstimateTerms, jobs: Sequence[Job], pricing: Pricing) -> dict[str, Json]:
    """What is hashed: integers are minor units, every other number is a decimal string."""
    return {
        "schema_version": 1,
        "work_order_id": str(terms.work_order_id),
        "number": terms.number,
        "center_id": str(terms.center_id),
        "car_id": str(terms.car_id),
        "version": terms.version,
        "currency": pricing.currency,
        "prices_include_tax": pricing.prices_include_tax,
        "jobs": [_job(job, pricing) for job in jobs],
        "totals": _amounts(sum_of(job.amounts(pricing) for job in jobs)),
        "already_authorised_minor": terms.already_authorised_minor,
        "tolerance_minor": terms.tolerance_minor,
        "sent_at": instant(terms.sent_at),
        "valid_until": instant(terms.valid_until),
    }


def _job(job: Job, pricing: Pricing) -> dict[str, Json]:
    return {
        "job_id": str(job.id),
        "title": job.title,
        "labor": [_labor(line, pricing) for line in job.labor],
        "products": [_product(line, pricing) for line in job.products],
        "total_minor": job.amounts(pricing).total,
    }


def _labor(line: LaborLine, pricing: Pricing) -> dict[str, Json]:
    terms = line.terms
    return {
        "operation": terms.operation,
        "hours": plain(terms.hours),
        "rate": plain(terms.rate),
        **_priced(line, pricing),
    }


def _product(line: ProductLine, pricing: Pricing) -> dict[str, Json]:
    terms = line.terms
    return {
        "kind": terms.kind,
        "name": terms.name,
        "sku": terms.sku,
        "quantity": plain(terms.amount),
        "unit": terms.unit,
        "price": plain(terms.price),
        "customer_supplied": terms.customer_supplied,
        **_priced(line, pricing),
    }


def _priced[T: Terms](line: Line[T], pricing: Pricing) -> dict[str, Json]:
    return {
        "line_id": str(line.id),
        "tax_percent": plain(line.terms.tax_percent),
        **_amounts(line.amounts(pricing)),
    }


def _amounts(amounts: Amounts) -> dict[str, Json]:
    return {
        "net_minor": amounts.net,
        "discount_minor": amounts.discount,
        "tax_minor": amounts.tax,
        "total_minor": amounts.total,
    }


def plain(number: Decimal) -> str:
    """The number as it was written, never with an exponent."""
    return format(number, "f")


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
