"""Who may do what, and when: the one table of state x role x action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from workorders.domain.errors import NotPermitted, OrderClosed, WrongState
from workorders.domain.people import Capacity, StaffRole
from workorders.domain.status import FINAL, WORK_AGREED, Status


class Action(StrEnum):
    """What a person does with an order."""

    EDIT = "edit"
    SEND_ESTIMATE = "send_estimate"
    APPROVE = "approve"
    RECORD_CONSENT = "record_consent"
    WITHDRAW = "withdraw"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CHECK_QUALITY = "check_quality"
    MARK_READY = "mark_ready"
    REOPEN = "reopen"
    COMPLETE = "complete"
    CANCEL = "cancel"


type Capacities = frozenset[Capacity]

LEADS: Final[Capacities] = frozenset({Capacity.OWNER, Capacity.MANAGER})
OFFICE: Final[Capacities] = LEADS | {Capacity.RECEPTIONIST}
IN_CHARGE: Final[Capacities] = LEADS | {Capacity.ASSIGNED_MECHANIC}
WORKSHOP: Final[Capacities] = IN_CHARGE | {Capacity.MECHANIC}
STAFF: Final[Capacities] = OFFICE | WORKSHOP
CAR_OWNER: Final[Capacities] = frozenset({Capacity.CAR_OWNER})
CAR_SIDE: Final[Capacities] = CAR_OWNER | {Capacity.CAR_MANAGER}
SECOND_PAIR_OF_EYES: Final[Capacities] = LEADS | {Capacity.MECHANIC}


def _in(states: frozenset[Status], capacities: Capacities) -> dict[Status, Capacities]:
    return dict.fromkeys(states, capacities)


_UNDECIDED = WORK_AGREED | {Status.AWAITING_APPROVAL}
_BEFORE_START = frozenset({Status.DRAFT, Status.AWAITING_APPROVAL, Status.APPROVED, Status.DECLINED})

MAY_OPEN: Final[Capacities] = OFFICE
"""Opening is the one action without an order to look at."""

PERMISSIONS: Final[Mapping[Action, Mapping[Status, Capacities]]] = MappingProxyType(
    {
        Action.EDIT: _in(WORK_AGREED | {Status.DRAFT}, OFFICE),
        Action.SEND_ESTIMATE: _in(WORK_AGREED | {Status.DRAFT}, OFFICE),
        Action.APPROVE: _in(_UNDECIDED, CAR_SIDE),
        Action.RECORD_CONSENT: _in(_UNDECIDED, OFFICE),
        Action.WITHDRAW: _in(_UNDECIDED | {Status.DECLINED}, STAFF),
        Action.START: {Status.APPROVED: IN_CHARGE},
        Action.PAUSE: {Status.IN_PROGRESS: WORKSHOP},
        Action.RESUME: {
            Status.WAITING_PARTS: STAFF,
            Status.ON_HOLD: WORKSHOP,
            Status.QUALITY_CHECK: SECOND_PAIR_OF_EYES,
        },
        Action.CHECK_QUALITY: {Status.IN_PROGRESS: frozenset({Capacity.ASSIGNED_MECHANIC})},
        Action.MARK_READY: {Status.IN_PROGRESS: IN_CHARGE, Status.QUALITY_CHECK: SECOND_PAIR_OF_EYES},
        Action.REOPEN: {Status.READY: IN_CHARGE},
        Action.COMPLETE: {Status.READY: LEADS},
        Action.CANCEL: _in(frozenset(Status) - FINAL, LEADS) | _in(_BEFORE_START, LEADS | CAR_OWNER),
    }
)


def permit_opening(role: StaffRole) -> Capacity:
    """Raises NotPermitted."""
    capacity = Capacity(role)
    if capacity not in MAY_OPEN:
        raise NotPermitted("Your role does not allow this.")
    return capacity


def permit(action: Action, status: Status, capacities: Sequence[Capacity]) -> Capacity:
    """The first of the person's capacities that allows the action in this state.

    Raises NotPermitted when none ever does or none does now, WrongState when the action does not exist in the state.
    """
    by_status = PERMISSIONS[action]
    if not any(allowed.intersection(capacities) for allowed in by_status.values()):
        raise NotPermitted("Your role does not allow this.")
    if status not in by_status:
        if status in FINAL:
            raise OrderClosed(f"The work order is {status}: nothing in it changes any more.")
        raise WrongState(f"This cannot be done while the work order is {_words(status)}.")
    for capacity in capacities:
        if capacity in by_status[status]:
            return capacity
    raise NotPermitted(f"Your role does not allow this while the work order is {_words(status)}.")


def _words(status: Status) -> str:
    return status.value.replace("_", " ")
