"""The aggregate as rows, and back. What a table adds for its own sake (position) is left to the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import RowMapping

from workorders.domain.decision import Choice, Decision, Evidence
from workorders.domain.estimate import Estimate
from workorders.domain.job import Job
from workorders.domain.lines import LaborLine, LaborTerms, Line, NextService, ProductLine, ProductTerms, Terms
from workorders.domain.money import Money, Pricing
from workorders.domain.people import Actor
from workorders.domain.status import EstimateState, JobStatus, Status
from workorders.domain.work_order import WorkOrder

type Values = dict[str, Any]
type Row = Mapping[str, Any] | RowMapping | asyncpg.Record
"""Whatever gives values by the names of columns."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What an order keeps in the tables of its parts, by id."""

    jobs: dict[UUID, Values]
    labor: dict[UUID, Values]
    products: dict[UUID, Values]


def tenants(order: WorkOrder) -> Values:
    """What every row of the order carries."""
    return {"work_order_id": order.id, "center_id": order.center_id, "owner_id": order.owner_id}


def order_row(order: WorkOrder) -> Values:
    """The row of `work_order`."""
    return {
        "id": order.id,
        "center_id": order.center_id,
        "owner_id": order.owner_id,
        "car_id": order.car_id,
        "number": order.number,
        "center_name": order.center_name,
        "car_label": order.car_label,
        "currency": order.pricing.currency,
        "prices_include_tax": order.pricing.prices_include_tax,
        "four_eyes": order.four_eyes,
        "complaint": order.complaint,
        "opened_at": order.opened_at,
        **changing_columns(order),
    }


CHANGING_COLUMNS: Final = (
    "status",
    "version",
    "sequence",
    "related_party",
    "estimate_version",
    "tolerance_minor",
    "submitted_for_check_by",
    "closed_at",
)


def changing_columns(order: WorkOrder) -> Values:
    """What of the order's own row can change after it was opened."""
    return {
        "status": order.status,
        "version": order.version,
        "sequence": order.sequence,
        "related_party": order.related_party,
        "estimate_version": order.estimate.version if order.estimate else None,
        "tolerance_minor": order.tolerance_minor,
        "submitted_for_check_by": order.submitted_for_check_by,
        "closed_at": order.closed_at,
    }


def part_rows(order: WorkOrder) -> Rows:
    """The rows of its jobs and lines."""
    shared = tenants(order)
    return Rows(
        jobs={job.id: shared | _job_row(job) for job in order.jobs},
        labor={line.id: shared | _labor_row(job, line) for job in order.jobs for line in job.labor},
        products={line.id: shared | _product_row(job, line) for job in order.jobs for line in job.products},
    )


def _job_row(job: Job) -> Values:
    version = job.authorisation.estimate_version if job.authorisation else None
    return {"id": job.id, "title": job.title, "status": job.status, "authorised_version": version}


def _line_row[T: Terms](job: Job, line: Line[T]) -> Values:
    due = line.terms.next_service or NextService(None, None)
    return {
        "id": line.id,
        "job_id": job.id,
        "discount_minor": line.terms.discount.minor if line.terms.discount else 0,
        "order_discount_minor": line.order_discount,
        "tax_percent": line.terms.tax_percent,
        "next_service_km": due.km,
        "next_service_months": due.months,
    }


def _labor_row(job: Job, line: LaborLine) -> Values:
    terms = line.terms
    return _line_row(job, line) | {
        "operation": terms.operation,
        "hours": terms.hours,
        "rate": terms.rate,
        "mechanic_id": terms.mechanic_id,
    }


def _product_row(job: Job, line: ProductLine) -> Values:
    terms = line.terms
    return _line_row(job, line) | {
        "kind": terms.kind,
        "name": terms.name,
        "sku": terms.sku,
        "quantity": terms.amount,
        "unit": terms.unit,
        "price": terms.price,
        "batch": terms.batch,
        "warranty": terms.warranty,
        "customer_supplied": terms.customer_supplied,
    }


def decision_rows(order: WorkOrder, decisions: Iterable[Decision]) -> Iterator[Values]:
    """The rows of `decision`."""
    for each in decisions:
        told = each.evidence
        yield tenants(order) | {
            "job_id": each.job_id,
            "estimate_version": each.estimate_version,
            "estimate_sha256": each.estimate_sha256,
            "title": each.title,
            "choice": each.choice,
            "total_minor": each.total_minor,
            "decided_at": each.decided_at,
            "decided_by": each.decided_by.user_id,
            "role": each.decided_by.role,
            "channel": each.channel,
            "given_by": told.given_by if told else None,
            "given_at": told.given_at if told else None,
            "reason": told.reason if told else None,
            "added_minor": told.added_cost.minor if told else None,
            "revised_total_minor": told.revised_total.minor if told else None,
        }


def order_of(row: Row, jobs: Iterable[Row], labor: Iterable[Row], products: Iterable[Row]) -> WorkOrder:
    """The aggregate. `row` holds the latest estimate as well, `jobs` the decisions in force."""
    labor_of: dict[UUID, list[LaborLine]] = defaultdict(list)
    products_of: dict[UUID, list[ProductLine]] = defaultdict(list)
    for each in labor:
        labor_of[each["job_id"]].append(_labor_line(each, row["currency"]))
    for each in products:
        products_of[each["job_id"]].append(_product_line(each, row["currency"]))
    return WorkOrder(
        id=row["id"],
        number=row["number"],
        center_id=row["center_id"],
        center_name=row["center_name"],
        car_id=row["car_id"],
        car_label=row["car_label"],
        owner_id=row["owner_id"],
        pricing=Pricing(row["currency"], row["prices_include_tax"]),
        four_eyes=row["four_eyes"],
        related_party=row["related_party"],
        complaint=row["complaint"],
        opened_at=row["opened_at"],
        status=Status(row["status"]),
        jobs=[_job(each, labor_of[each["id"]], products_of[each["id"]], row["currency"]) for each in jobs],
        estimate=_estimate(row) if row["estimate_version"] else None,
        tolerance_minor=row["tolerance_minor"],
        submitted_for_check_by=row["submitted_for_check_by"],
        closed_at=row["closed_at"],
        version=row["version"],
        sequence=row["sequence"],
    )


def _estimate(row: Row) -> Estimate:
    return Estimate(
        version=row["estimate_version"],
        sha256=row["estimate_sha256"],
        total_minor=row["estimate_total_minor"],
        tolerance_minor=row["estimate_tolerance_minor"],
        sent_at=row["estimate_sent_at"],
        valid_until=row["estimate_valid_until"],
        state=EstimateState(row["estimate_state"]),
    )


def _job(row: Row, labor: list[LaborLine], products: list[ProductLine], currency: str) -> Job:
    return Job(
        id=row["id"],
        title=row["title"],
        status=JobStatus(row["status"]),
        labor=labor,
        products=products,
        authorisation=_decision(row, currency) if row["authorised_version"] else None,
    )


def _decision(row: Row, currency: str) -> Decision:
    return Decision(
        job_id=row["job_id"],
        title=row["decided_title"],
        choice=Choice(row["choice"]),
        estimate_version=row["estimate_version"],
        estimate_sha256=row["estimate_sha256"],
        total_minor=row["total_minor"],
        decided_at=row["decided_at"],
        decided_by=Actor(row["decided_by"], row["role"]),
        evidence=None if row["channel"] == "owner" else _evidence(row, currency),
    )


def _evidence(row: Row, currency: str) -> Evidence:
    return Evidence(
        channel=row["channel"],
        given_by=row["given_by"],
        given_at=row["given_at"],
        reason=row["reason"],
        added_cost=Money(row["added_minor"], currency),
        revised_total=Money(row["revised_total_minor"], currency),
    )


def _discount(row: Row, currency: str) -> Money | None:
    return Money(row["discount_minor"], currency) if row["discount_minor"] else None


def _next_service(row: Row) -> NextService | None:
    if row["next_service_km"] is None and row["next_service_months"] is None:
        return None
    return NextService(row["next_service_km"], row["next_service_months"])


def _labor_line(row: Row, currency: str) -> LaborLine:
    terms = LaborTerms(
        operation=row["operation"],
        hours=row["hours"],
        rate=row["rate"],
        mechanic_id=row["mechanic_id"],
        discount=_discount(row, currency),
        tax_percent=row["tax_percent"],
        next_service=_next_service(row),
    )
    return Line(id=row["id"], terms=terms, order_discount=row["order_discount_minor"])


def _product_line(row: Row, currency: str) -> ProductLine:
    terms = ProductTerms(
        kind=row["kind"],
        name=row["name"],
        sku=row["sku"],
        amount=row["quantity"],
        unit=row["unit"],
        price=row["price"],
        batch=row["batch"],
        warranty=row["warranty"],
        customer_supplied=row["customer_supplied"],
        discount=_discount(row, currency),
        tax_percent=row["tax_percent"],
        next_service=_next_service(row),
    )
    return Line(id=row["id"], terms=terms, order_discount=row["order_discount_minor"])
