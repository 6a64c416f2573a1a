from itertools import product

import pytest

from sto.domain.errors import EmploymentEnded, LastOwner, NotPermitted
from sto.domain.permissions import STAFF_ROLES, StaffRole
from tests.unit.sto.making import NOW, an_employee

# Whom each role may give another role, or send away.
POWER_OVER = {
    "owner": {"owner", "manager", "receptionist", "mechanic"},
    "manager": {"manager", "receptionist", "mechanic"},
    "receptionist": set[str](),
    "mechanic": set[str](),
}


@pytest.mark.parametrize(("actor_role", "old", "new"), [*product(STAFF_ROLES, STAFF_ROLES, STAFF_ROLES)])
def test_a_role_changes_only_by_those_who_have_power_over_both_the_old_and_the_new(
    actor_role: StaffRole, old: StaffRole, new: StaffRole
) -> None:
    actor, employee = an_employee(actor_role), an_employee(old)
    if {old, new} <= POWER_OVER[actor_role]:
        changed = employee.changed_by(actor, new, active_owners=2)
        assert changed.role == new
        assert (changed.sequence, changed.version) == ((1, 1) if old == new else (2, 2))
    else:
        with pytest.raises(NotPermitted):
            employee.changed_by(actor, new, active_owners=2)


@pytest.mark.parametrize(("actor_role", "role"), [*product(STAFF_ROLES, STAFF_ROLES)])
def test_others_are_sent_away_only_by_those_who_have_power_over_them(actor_role: StaffRole, role: StaffRole) -> None:
    actor, employee = an_employee(actor_role), an_employee(role)
    if role in POWER_OVER[actor_role]:
        ended = employee.deactivated_by(actor, active_owners=2, now=NOW)
        assert (ended.active, ended.left_at, ended.sequence) == (False, NOW, 2)
    else:
        with pytest.raises(NotPermitted):
            employee.deactivated_by(actor, active_owners=2, now=NOW)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_everybody_may_leave(role: StaffRole) -> None:
    leaving = an_employee(role)
    assert not leaving.deactivated_by(leaving, active_owners=2, now=NOW).active


def test_the_last_owner_neither_leaves_nor_becomes_something_else() -> None:
    last = an_employee("owner")
    with pytest.raises(LastOwner):
        last.deactivated_by(last, active_owners=1, now=NOW)
    with pytest.raises(LastOwner):
        last.changed_by(last, "manager", active_owners=1)
    assert last.changed_by(last, "owner", active_owners=1) is last


def test_an_ended_employment_neither_changes_nor_ends_again() -> None:
    owner, former = an_employee("owner"), an_employee("mechanic", active=False, left_at=NOW)
    with pytest.raises(EmploymentEnded):
        former.changed_by(owner, "manager", active_owners=1)
    with pytest.raises(EmploymentEnded):
        former.deactivated_by(owner, active_owners=1, now=NOW)
