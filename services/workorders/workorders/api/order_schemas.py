"""Work orders as clients read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from chassis.http import ApiModel
from workorders.api.fields import Complaint, Money
from workorders.domain.decision import Channel, Decision
from workorders.domain.estimate import Estimate, plain
from workorders.domain.job import Job
from workorders.domain.lines import LaborLine, Line, ProductKind, ProductLine, Terms
from workorders.domain.money import Amounts, Pricing, sum_of
from workorders.domain.people import ActingRole
from workorders.domain.status import EstimateState, JobStatus, Status
from workorders.domain.work_order import WorkOrder
from workorders.queries import OrderSummary


class OpenWorkOrderRequest(ApiModel):
    """A visit. With `four_eyes` somebody else checks the work before it is ready."""

    center_id: UUID
    car_id: UUID
    complaint: Complaint | None = None
    four_eyes: bool = False


class AmountsResponse(ApiModel):
    """What something comes to; net + tax = total, discounts are already off."""

    net: Money
    discount: Money
    tax: Money
    total: Money


class NextServiceResponse(ApiModel):
    """When the work is due again: by distance, by time, or whichever comes first."""

    km: int | None
    months: int | None


class LineResponse(ApiModel):
    """What every line has."""

    id: UUID
    tax_percent: str
    amounts: AmountsResponse
    next_service: NextServiceResponse | None


class LaborResponse(LineResponse):
    """Work by the hour."""

    operation: str
    hours: str
    rate: str
    mechanic_id: UUID | None


class ProductResponse(LineResponse):
    """A part, fluid or material."""

    kind: ProductKind
    name: str
    sku: str | None
    quantity: str
    unit: str
    price: str
    batch: str | None
    warranty: str | None
    customer_supplied: bool


class AuthorisationResponse(ApiModel):
    """On what ground a job may be done. `channel` other than "owner": staff recorded the consent."""

    estimate_version: int
    estimate_sha256: str
    total: Money
    decided_at: datetime
    decided_by: UUID | None
    role: ActingRole
    channel: Channel


class JobResponse(ApiModel):
    """What the car's owner decides about as one."""

    id: UUID
    title: str
    status: JobStatus
    labor: list[LaborResponse]
    products: list[ProductResponse]
    amounts: AmountsResponse
    authorisation: AuthorisationResponse | None


class CurrentEstimateResponse(ApiModel):
    """The latest estimate version."""

    version: int
    sha256: str
    state: EstimateState
    total: Money
    tolerance: Money
    sent_at: datetime
    valid_until: datetime


class WorkOrderSummary(ApiModel):
    """A row of a list."""

    id: UUID
    number: int
    center_id: UUID
    center_name: str
    car_id: UUID
    car_label: str
    owner_id: UUID
    status: Status
    related_party: bool
    opened_at: datetime
    closed_at: datetime | None


class WorkOrderResponse(WorkOrderSummary):
    """A work order. `bill` sums its authorised jobs, `undecided` those that wait for a decision or were not sent."""

    four_eyes: bool
    complaint: str | None
    prices_include_tax: bool
    currency: str
    jobs: list[JobResponse]
    bill: AmountsResponse
    undecided: AmountsResponse
    authorised: Annotated[Money, Field(description="what the owner agreed to pay; the bill may exceed it by tolerance")]
    tolerance: Money
    estimate: CurrentEstimateResponse | None
    version: Annotated[int, Field(description="what If-Match takes")]


def summary_of(row: OrderSummary) -> WorkOrderSummary:
    """A row of a list."""
    return WorkOrderSummary.model_validate(row, from_attributes=True)


type _Body = dict[str, Any]


def order_response(order: WorkOrder) -> WorkOrderResponse:
    """The whole order. Its hundred parts are validated in one go: each by itself would cost three times as much."""
    pricing = order.pricing
    undecided = order.jobs_in(JobStatus.PROPOSED, JobStatus.SENT)
    return WorkOrderResponse.model_validate(
        {
            "id": order.id,
            "number": order.number,
            "center_id": order.center_id,
            "center_name": order.center_name,
            "car_id": order.car_id,
            "car_label": order.car_label,
            "owner_id": order.owner_id,
            "status": order.status,
            "related_party": order.related_party,
            "opened_at": order.opened_at,
            "closed_at": order.closed_at,
            "four_eyes": order.four_eyes,
            "complaint": order.complaint,
            "prices_include_tax": pricing.prices_include_tax,
            "currency": pricing.currency,
            "jobs": [_job(job, pricing) for job in order.jobs],
            "bill": _amounts(order.amounts, pricing),
            "undecided": _amounts(sum_of(job.amounts(pricing) for job in undecided), pricing),
            "authorised": _money(order.authorised_minor, pricing),
            "tolerance": _money(order.tolerance_minor, pricing),
            "estimate": _estimate(order.estimate, pricing) if order.estimate else None,
            "version": order.version,
        }
    )


def _job(job: Job, pricing: Pricing) -> _Body:
    return {
        "id": job.id,
        "title": job.title,
        "status": job.status,
        "labor": [_labor(line, pricing) for line in job.labor],
        "products": [_product(line, pricing) for line in job.products],
        "amounts": _amounts(job.amounts(pricing), pricing),
        "authorisation": _authorisation(job.authorisation, pricing) if job.authorisation else None,
    }


def _line[T: Terms](line: Line[T], pricing: Pricing) -> _Body:
    due = line.terms.next_service
    return {
        "id": line.id,
        "tax_percent": plain(line.terms.tax_percent),
        "amounts": _amounts(line.amounts(pricing), pricing),
        "next_service": {"km": due.km, "months": due.months} if due else None,
    }


def _labor(line: LaborLine, pricing: Pricing) -> _Body:
    terms = line.terms
    return {
        "operation": terms.operation,
        "hours": plain(terms.hours),
        "rate": plain(terms.rate),
        "mechanic_id": terms.mechanic_id,
        **_line(line, pricing),
    }


def _product(line: ProductLine, pricing: Pricing) -> _Body:
    terms = line.terms
    return {
        "kind": terms.kind,
        "name": terms.name,
        "sku": terms.sku,
        "quantity": plain(terms.amount),
        "unit": terms.unit,
        "price": plain(terms.price),
        "batch": terms.batch,
        "warranty": terms.warranty,
        "customer_supplied": terms.customer_supplied,
        **_line(line, pricing),
    }


def _authorisation(decision: Decision, pricing: Pricing) -> _Body:
    return {
        "estimate_version": decision.estimate_version,
        "estimate_sha256": decision.estimate_sha256,
        "total": _money(decision.total_minor, pricing),
        "decided_at": decision.decided_at,
        "decided_by": decision.decided_by.user_id,
        "role": decision.decided_by.role,
        "channel": decision.channel,
    }


def _estimate(estimate: Estimate, pricing: Pricing) -> _Body:
    return {
        "version": estimate.version,
        "sha256": estimate.sha256,
        "state": estimate.state,
        "total": _money(estimate.total_minor, pricing),
        "tolerance": _money(estimate.tolerance_minor, pricing),
        "sent_at": estimate.sent_at,
        "valid_until": estimate.valid_until,
    }


def _amounts(amounts: Amounts, pricing: Pricing) -> _Body:
    return {
        "net": _money(amounts.net, pricing),
        "discount": _money(amounts.discount, pricing),
        "tax": _money(amounts.tax, pricing),
        "total": _money(amounts.total, pricing),
    }


def _money(minor: int, pricing: Pricing) -> _Body:
    return {"amount_minor": minor, "currency": pricing.currency}
