from itertools import product

import pytest

from sto.domain.errors import NotPermitted
from sto.domain.permissions import STAFF_ROLES, Action, StaffRole, changing, deactivating, demand, inviting, permits

# One line per action, written from the specification: o(wner) m(anager) r(eceptionist) mechanic=k; "." is no.
EXPECTED = {
    Action.EDIT_CENTER: "om..",
    Action.VIEW_VERIFICATION: "om..",
    Action.SUBMIT_VERIFICATION: "om..",
    Action.VIEW_EMPLOYEES: "omrk",
    Action.INVITE_OWNER: "o...",
    Action.INVITE_STAFF: "om..",
    Action.CHANGE_OWNER: "o...",
    Action.CHANGE_STAFF: "om..",
    Action.DEACTIVATE_OWNER: "o...",
    Action.DEACTIVATE_STAFF: "om..",
    Action.VIEW_LINKS: "omrk",
    Action.REQUEST_LINK: "omr.",
}
LETTERS = {"owner": "o", "manager": "m", "receptionist": "r", "mechanic": "k"}


@pytest.mark.parametrize(("role", "action"), [*product(STAFF_ROLES, Action)])
def test_each_role_may_do_what_the_matrix_says(role: StaffRole, action: Action) -> None:
    allowed = LETTERS[role] in EXPECTED[action]
    assert permits(role, action) is allowed
    if allowed:
        demand(role, action)
    else:
        with pytest.raises(NotPermitted, match=f"A {role} may not {action}"):
            demand(role, action)


@pytest.mark.parametrize(("old", "new"), [*product(STAFF_ROLES, STAFF_ROLES)])
def test_whatever_touches_an_owner_is_an_action_of_its_own(old: StaffRole, new: StaffRole) -> None:
    touches = old == "owner" or new == "owner"
    assert changing(old, new) is (Action.CHANGE_OWNER if touches else Action.CHANGE_STAFF)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_inviting_and_deactivating_an_owner_are_actions_of_their_own(role: StaffRole) -> None:
    assert inviting(role) is (Action.INVITE_OWNER if role == "owner" else Action.INVITE_STAFF)
    assert deactivating(role) is (Action.DEACTIVATE_OWNER if role == "owner" else Action.DEACTIVATE_STAFF)
