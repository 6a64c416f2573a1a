from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from chassis.db import Transaction
from chassis.problems import NotFound
from workorders.commands.change import Change, Request
from workorders.db.directory import find_surroundings
from workorders.domain.complete import HandOver, complete
from workorders.domain.odometer import Moment, OdometerOut
from workorders.domain.permissions import Action
from workorders.domain.work_order import WorkOrder
from workorders.snapshot import Circumstances, seal_snapshot


async def complete_work_order(tx: Transaction, request: Request, *, odometer: OdometerOut, now: datetime) -> WorkOrder:
    """The car is handed over: status, history, immutable snapshot and the event with it are one transaction.

    Catalog, stock, inspection and corrections will join this transaction here; today they do not exist.
    """
    change = await Change.of(tx, request)
    order = change.order
    order.permit(change.person, Action.COMPLETE)  # before what only the center's people see of its surroundings
    known = await find_surroundings(tx, order)
    if known is None:
        raise NotFound(read_model=True)
    moment = Moment(now, now.astimezone(ZoneInfo(known.center.time_zone)).date())
    hand_over = HandOver(
        odometer=odometer,
        last_reading=known.last_reading,
        center_approved=known.center.approved,
        staff_has_car=known.staff_has_car,
    )
    facts = complete(order, change.person, moment, hand_over)
    told = Circumstances(
        surroundings=known, odometer=hand_over.attested(moment), moment=moment, completed_by=request.user_id
    )
    snapshot = seal_snapshot(order, told)
    return await change.save(facts, snapshot=snapshot)
