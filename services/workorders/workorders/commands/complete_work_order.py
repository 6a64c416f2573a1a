from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from chassis.db import Transaction
from chassis.problems import NotFound
from workorders.commands.change import Change, Request
from workorders.db.directory import find_car, find_center, staff_role
from workorders.db.repository import estimate_hashes
from workorders.db.snapshots import insert_snapshot
from workorders.domain.complete import HandOver, complete
from workorders.domain.odometer import Moment, OdometerOut
from workorders.domain.work_order import WorkOrder
from workorders.snapshot import Circumstances, seal_snapshot


async def complete_work_order(tx: Transaction, request: Request, *, odometer: OdometerOut, now: datetime) -> WorkOrder:
    """The car is handed over: status, history, immutable snapshot and the event with it are one transaction.

    Catalog, stock, inspection and corrections will join this transaction here; today they do not exist.
    """
    change = await Change.of(tx, request)
    order = change.order
    center, car = await find_center(tx, order.center_id), await find_car(tx, order.car_id)
    if center is None or car is None:
        raise NotFound(read_model=True)
    moment = Moment(now, now.astimezone(ZoneInfo(center.time_zone)).date())
    hand_over = HandOver(
        odometer=odometer,
        last_reading=car.last_reading,
        center_approved=center.approved,
        owner_is_staff=await staff_role(tx, order.center_id, order.owner_id) is not None,
    )
    facts = complete(order, change.person, moment, hand_over)
    told = Circumstances(
        center=center,
        car=car,
        odometer=hand_over.attested(moment),
        moment=moment,
        completed_by=request.user_id,
        estimate_sha256s=await estimate_hashes(tx, order.id),
    )
    snapshot = seal_snapshot(order, told)
    await insert_snapshot(tx, order, snapshot.document, now)
    return await change.save(facts, snapshot=snapshot)
