"""Depreciation, loan and valuations of a car: its owner's alone."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Caller, Reader, VersionedAction
from chassis.problems import NotFound
from owners.api.context import Now
from owners.api.ownership_schemas import (
    AddValuationRequest,
    ByDistanceBody,
    DecliningBody,
    DepreciationBody,
    LoanBody,
    LoanResponse,
    StraightLineBody,
    ValuationResponse,
    ValuationsResponse,
    depreciation_body,
)
from owners.commands.access import demand
from owners.commands.settle_depreciation import choose_depreciation, forget_depreciation
from owners.commands.settle_loan import forget_loan, keep_loan
from owners.commands.value_car import remove_valuation, value_car
from owners.db.cars import find_car
from owners.db.ownership import (
    DepreciationTerms,
    LoanTerms,
    Valuation,
    Whose,
    find_depreciation,
    find_loan,
    list_valuations,
)
from owners.domain.access import Right

router = APIRouter(tags=["ownership costs"])

type ShownDepreciation = StraightLineBody | DecliningBody | ByDistanceBody


@router.get("/v1/cars/{car_id}/depreciation", response_model=ShownDepreciation)
async def get_depreciation(car_id: UUID, tx: Reader, caller: Caller) -> Response:
    """How the car loses its value; 404 when nothing was chosen."""
    found = await find_depreciation(tx, await _whose(tx, car_id, caller.user_id))
    if found is None:
        raise NotFound
    return _depreciation(found).response()


@router.put("/v1/cars/{car_id}/depreciation", response_model=ShownDepreciation)
async def set_depreciation(car_id: UUID, body: DepreciationBody, action: VersionedAction, now: Now) -> Response:
    """Chooses a method. The price is the car's purchase price; If-Match is required once there is a method."""

    async def use_case(tx: Transaction) -> DepreciationTerms:
        return await choose_depreciation(
            tx,
            car_id,
            body.to_domain(),
            body.residual.currency,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, _depreciation)


@router.delete("/v1/cars/{car_id}/depreciation", status_code=204)
async def remove_depreciation(car_id: UUID, action: VersionedAction) -> Response:
    """Forgets the method: from the last valuation on the car's value is undefined."""

    async def use_case(tx: Transaction) -> None:
        await forget_depreciation(
            tx, car_id, caller_id=action.caller.user_id, expected_version=lambda: action.expected_version
        )

    return await action.run(use_case, lambda _: Answer(204))


@router.get("/v1/cars/{car_id}/loan", response_model=LoanResponse)
async def get_loan(car_id: UUID, tx: Reader, caller: Caller) -> Response:
    """The car's loan with its schedule; 404 when there is none."""
    found = await find_loan(tx, await _whose(tx, car_id, caller.user_id))
    if found is None:
        raise NotFound
    return _loan(found).response()


@router.put("/v1/cars/{car_id}/loan", response_model=LoanResponse)
async def set_loan(car_id: UUID, body: LoanBody, action: VersionedAction, now: Now) -> Response:
    """Keeps the terms of a loan, extra payments included; If-Match is required once there is one."""

    async def use_case(tx: Transaction) -> LoanTerms:
        return await keep_loan(
            tx,
            car_id,
            body.to_domain(),
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, _loan)


@router.delete("/v1/cars/{car_id}/loan", status_code=204)
async def remove_loan(car_id: UUID, action: VersionedAction) -> Response:
    """Forgets the loan."""

    async def use_case(tx: Transaction) -> None:
        await forget_loan(tx, car_id, caller_id=action.caller.user_id, expected_version=lambda: action.expected_version)

    return await action.run(use_case, lambda _: Answer(204))


@router.get("/v1/cars/{car_id}/valuations")
async def list_car_valuations(car_id: UUID, tx: Reader, caller: Caller) -> ValuationsResponse:
    """What the car was worth on some days, as its owner says; the latest first."""
    found = await list_valuations(tx, await _whose(tx, car_id, caller.user_id))
    return ValuationsResponse(data=[ValuationResponse.of(one) for one in found])


@router.post("/v1/cars/{car_id}/valuations", status_code=201, response_model=ValuationResponse)
async def add_car_valuation(car_id: UUID, body: AddValuationRequest, action: Action, now: Now) -> Response:
    """Adds a valuation; a day has one (409)."""

    async def use_case(tx: Transaction) -> Valuation:
        return await value_car(
            tx,
            car_id,
            body.valued_on,
            body.amount.amount_minor,
            body.amount.currency,
            caller_id=action.caller.user_id,
            now=now,
        )

    return await action.run(use_case, lambda one: Answer(201, ValuationResponse.of(one)))


@router.delete("/v1/cars/{car_id}/valuations/{valuation_id}", status_code=204)
async def remove_car_valuation(car_id: UUID, valuation_id: UUID, action: Action) -> Response:
    """Takes a valuation back. It never changes, so this asks for no If-Match."""

    async def use_case(tx: Transaction) -> None:
        await remove_valuation(tx, car_id, valuation_id, caller_id=action.caller.user_id)

    return await action.run(use_case, lambda _: Answer(204))


async def _whose(tx: Transaction, car_id: UUID, caller_id: UUID) -> Whose:
    await demand(tx, car_id, caller_id, Right.SEE_FINANCES)
    car = await find_car(tx, car_id)
    if car is None:
        raise NotFound
    return Whose(car.id, car.owner_id)


def _depreciation(terms: DepreciationTerms) -> Answer:
    return Answer(200, depreciation_body(terms), version=terms.version)


def _loan(terms: LoanTerms) -> Answer:
    return Answer(200, LoanResponse.of(terms), version=terms.version)
