from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from sto.domain.errors import ExpiryRefused, LinkRefused, ScopesRefused
from sto.domain.link import CarLink, LinkScope, LinkStatus, request
from tests.unit.sto.making import NOW, a_car, a_link

STATUSES = get_args(LinkStatus.__value__)
MOVES: dict[str, Any] = {
    "approve": lambda link: link.approved(None, NOW),
    "decline": lambda link: link.declined(NOW),
    "revoke": lambda link: link.revoked(NOW),
    "expire": lambda link: link.expired(NOW),
}
EXPECTED = {
    "requested": {"approve": "approved", "decline": "declined", "expire": "expired"},
    "approved": {"revoke": "revoked", "expire": "expired"},
    "declined": {},
    "revoked": {},
    "expired": {},
}


def requested(*scopes: LinkScope, expires_at: datetime | None = None) -> CarLink:
    return request(
        a_car(),
        link_id=uuid4(),
        center_id=uuid4(),
        scopes=scopes,
        requested_by=uuid4(),
        now=NOW,
        expires_at=expires_at,
    )


@pytest.mark.parametrize(("status", "move"), [*product(STATUSES, MOVES)])
def test_a_link_moves_as_the_table_says_and_in_no_other_way(status: str, move: str) -> None:
    link = a_link(status=status)
    expected = EXPECTED[status].get(move)
    if expected is None:
        with pytest.raises(LinkRefused, match=status):
            MOVES[move](link)
        return
    moved = MOVES[move](link)
    assert moved.status == expected
    assert (moved.sequence, moved.version) == (2, 2)
    assert (moved.ended_at == NOW) is (expected != "approved")


def test_an_approval_grants_all_that_was_asked_for_or_less() -> None:
    link = requested("odometer", "history_read", "create_visit")
    assert link.approved(None, NOW).scopes == ("odometer", "history_read", "create_visit")
    assert link.approved(("create_visit",), NOW).scopes == ("create_visit",)


def test_an_approval_never_grants_more_than_was_asked_for_and_never_nothing() -> None:
    link = requested("odometer")
    with pytest.raises(ScopesRefused):
        link.approved(("odometer", "history_read"), NOW)
    with pytest.raises(ScopesRefused):
        link.approved((), NOW)


def test_scopes_are_named_once_and_in_one_order() -> None:
    assert requested("create_visit", "odometer", "create_visit").scopes == ("odometer", "create_visit")
    with pytest.raises(ScopesRefused):
        requested()


@pytest.mark.parametrize("expires_at", [NOW - timedelta(days=1), NOW, NOW + timedelta(days=3654)])
def test_an_access_ends_in_the_future_and_within_ten_years(expires_at: datetime) -> None:
    with pytest.raises(ExpiryRefused):
        requested("odometer", expires_at=expires_at)


def test_an_expiry_far_beyond_all_calendars_is_refused_like_any_other() -> None:
    with pytest.raises(ExpiryRefused):
        requested("odometer", expires_at=datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))))


def test_an_owner_has_thirty_days_to_answer() -> None:
    link = requested("odometer")
    assert link.due_at == NOW + timedelta(days=30)
    assert link.approved(None, NOW + timedelta(days=30) - timedelta(seconds=1)).status == "approved"
    for move in (link.approved, lambda _, now: link.declined(now)):
        with pytest.raises(LinkRefused, match="expired"):
            move(None, NOW + timedelta(days=30))


def test_a_request_does_not_outlive_the_access_that_it_asks_for() -> None:
    tomorrow = NOW + timedelta(days=1)
    assert requested("odometer", expires_at=tomorrow).due_at == tomorrow
    far = NOW + timedelta(days=300)
    assert requested("odometer", expires_at=far).due_at == NOW + timedelta(days=30)
    assert requested("odometer", expires_at=far).approved(None, NOW).due_at == far


def test_an_access_without_an_end_is_never_due() -> None:
    assert requested("odometer").approved(None, NOW).due_at is None
    assert requested("odometer").declined(NOW).due_at is None


@pytest.mark.parametrize(
    ("make", "model", "plate", "label"),
    [
        ("Toyota", "Corolla", "А123ВС77", "Toyota Corolla А123ВС77"),
        ("Toyota", None, None, "Toyota"),
        (None, None, "А123ВС77", "А123ВС77"),
        (None, "Corolla", "А123ВС77", "Corolla А123ВС77"),
        (None, None, None, "#0198c0de"),
        ("", "", "", "#0198c0de"),
    ],
)
def test_a_car_is_called_by_what_is_known_of_it(
    make: str | None, model: str | None, plate: str | None, label: str
) -> None:
    car = a_car(id=UUID("0198c0de-0000-7000-8000-000000000001"), make=make, model=model, plate=plate)
    assert car.label == label
