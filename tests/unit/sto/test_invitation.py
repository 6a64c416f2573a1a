from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from sto.domain.errors import InvitationExpired, InvitationSpent
from sto.domain.invitation import Invitation, token_hash
from tests.unit.sto.making import NOW

INVITATION = Invitation(
    id=uuid4(),
    center_id=uuid4(),
    role="receptionist",
    token_hash=token_hash("a token"),
    created_by=uuid4(),
    created_at=NOW,
    expires_at=NOW + timedelta(days=7),
)
USER = uuid4()


def test_whoever_accepts_gets_the_role_that_was_fixed() -> None:
    employee_id = uuid4()
    spent, employee = INVITATION.accepted(USER, NOW, employee_id=employee_id)
    assert (employee.id, employee.center_id, employee.user_id) == (employee_id, INVITATION.center_id, USER)
    assert (employee.role, employee.active, employee.joined_at) == ("receptionist", True, NOW)
    assert (spent.accepted_by, spent.accepted_at) == (USER, NOW)


def test_it_is_accepted_once() -> None:
    spent, _ = INVITATION.accepted(USER, NOW, employee_id=uuid4())
    with pytest.raises(InvitationSpent):
        spent.accepted(uuid4(), NOW, employee_id=uuid4())


@pytest.mark.parametrize(
    ("later", "valid"), [(timedelta(days=7) - timedelta(microseconds=1), True), (timedelta(days=7), False)]
)
def test_it_is_valid_for_seven_days(later: timedelta, valid: bool) -> None:
    if valid:
        INVITATION.accepted(USER, NOW + later, employee_id=uuid4())
    else:
        with pytest.raises(InvitationExpired):
            INVITATION.accepted(USER, NOW + later, employee_id=uuid4())


def test_a_withdrawn_one_is_not_valid() -> None:
    with pytest.raises(InvitationExpired):
        replace(INVITATION, withdrawn_at=NOW).accepted(USER, NOW, employee_id=uuid4())


def test_a_token_cannot_be_read_from_its_hash() -> None:
    assert len(token_hash("a token")) == 32
    assert token_hash("a token") != token_hash("another token")
    assert b"a token" not in token_hash("a token")
