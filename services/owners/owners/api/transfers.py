"""Handing over a car: its owner offers, the next one accepts."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Caller, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.car_schemas import CarResponse, car_response
from owners.api.context import AccessTimers, Now
from owners.api.transfer_schemas import (
    AcceptTransferRequest,
    OfferedCarResponse,
    OfferTransferRequest,
    TransferResponse,
    offered_car_response,
    transfer_response,
)
from owners.commands.accept_transfer import accept_link, accept_offer
from owners.commands.offer_transfer import offer_transfer, see_offer, withdraw_offer
from owners.db.transfers import list_transfers_to
from owners.domain.transfer import CarTransfer
from owners.queries import ShownCar, show_car

router = APIRouter(tags=["transfer"])


@router.post("/v1/cars/{car_id}/transfer", status_code=201, response_model=TransferResponse)
async def offer_car(car_id: UUID, body: OfferTransferRequest, action: Action, now: Now) -> Response:
    """Offers the car to its next owner for seven days. The token of the link is in this answer and nowhere else.

    With the acceptance all shares and links of centers end. Attested work and all readings go along; amounts, notes
    and private entries stay behind, and the old owner keeps reading them.
    """
    return await action.run(
        lambda tx: offer_transfer(tx, car_id, body.recipient_id, body.sale(), caller_id=action.caller.user_id, now=now),
        _offered,
    )


@router.get("/v1/cars/{car_id}/transfer", response_model=TransferResponse)
async def get_car_offer(car_id: UUID, tx: Reader, caller: Caller, now: Now) -> Response:
    """The open offer; 404 when there is none."""
    offered = await see_offer(tx, car_id, caller_id=caller.user_id, now=now)
    return Answer(200, transfer_response(offered), version=offered.version).response()


@router.delete("/v1/cars/{car_id}/transfer", status_code=204)
async def withdraw_car_offer(car_id: UUID, action: VersionedAction, now: Now) -> Response:
    """Takes the offer back, as long as nobody accepted it."""

    async def use_case(tx: Transaction) -> None:
        await withdraw_offer(
            tx, car_id, caller_id=action.caller.user_id, expected_version=lambda: action.expected_version, now=now
        )

    return await action.run(use_case, lambda _: Answer(204))


@router.get("/v1/car-transfers")
async def list_offered_cars(tx: Reader, caller: Caller, paging: PageRequest, now: Now) -> Page[OfferedCarResponse]:
    """The cars that are offered to the caller by name, the latest first."""
    rows = await list_transfers_to(tx, caller.user_id, now, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.created_at, row.id), item=offered_car_response)


@router.post("/v1/car-transfers/acceptance", response_model=CarResponse)
async def accept_car(body: AcceptTransferRequest, action: Action, now: Now, timers: AccessTimers) -> Response:
    """Takes the car over: from now on it is the caller's. Of all who send a token, one gets the car."""
    caller_id = action.caller.user_id

    async def use_case(tx: Transaction) -> ShownCar:
        if body.token is not None:
            car = await accept_link(tx, timers, body.token, caller_id=caller_id, now=now)
        elif body.transfer_id is not None:
            car = await accept_offer(tx, timers, body.transfer_id, caller_id=caller_id, now=now)
        else:
            raise NotFound
        shown = await show_car(tx, car.id)
        if shown is None:
            raise NotFound
        return shown

    return await action.run(use_case, lambda shown: Answer(200, car_response(shown), version=shown.car.version))


def _offered(offered: tuple[CarTransfer, str | None]) -> Answer:
    transfer, token = offered
    # What is stored for a repetition must not hold the token: only its hash is kept anywhere.
    return Answer(201, transfer_response(transfer, token), version=1, replay=transfer_response(transfer))
