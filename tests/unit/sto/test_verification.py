from itertools import product
from typing import get_args
from uuid import uuid4

import pytest

from sto.domain.center import ServiceCenter
from sto.domain.errors import (
    AnotherReviewer,
    ApplicationSuperseded,
    CenterNotApproved,
    ReasonRequired,
    VerificationRefused,
)
from sto.domain.verification import Ruling, VerificationStatus
from tests.unit.sto.making import a_center

STATUSES = get_args(VerificationStatus.__value__)
RULINGS = get_args(Ruling.__value__)
MOVES = ("submit", "take", *RULINGS)

# Written from the specification, not from the code: where each status may go, by which move.
EXPECTED = {
    "draft": {"submit": "submitted"},
    "submitted": {"take": "in_review"},
    "in_review": {
        "take": "in_review",
        "approve": "approved",
        "reject": "rejected",
        "request_information": "information_requested",
    },
    "information_requested": {"submit": "submitted"},
    "rejected": {"submit": "submitted"},
    "approved": {"suspend": "suspended"},
    "suspended": {"reinstate": "approved"},
}
APPLICATION, MODERATOR, ANOTHER = uuid4(), uuid4(), uuid4()


def in_status(status: str) -> ServiceCenter:
    reviewer = None if status in {"draft", "submitted"} else MODERATOR
    return a_center(verification=status, application_id=APPLICATION, reviewer_id=reviewer)


def move(center: ServiceCenter, name: str) -> ServiceCenter:
    if name == "submit":
        return center.submitted(uuid4())
    if name == "take":
        return center.taken(APPLICATION, ANOTHER)
    return center.ruled(APPLICATION, name, MODERATOR, "because")  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "name"), [*product(STATUSES, MOVES)])
def test_a_verification_moves_as_the_table_says_and_in_no_other_way(status: str, name: str) -> None:
    center = in_status(status)
    expected = EXPECTED[status].get(name)
    if expected is None:
        with pytest.raises(VerificationRefused, match=status):
            move(center, name)
        return
    moved = move(center, name)
    assert moved.verification == expected
    assert (moved.sequence, moved.version) == (center.sequence + 1, center.version + 1)


@pytest.mark.parametrize(
    ("status", "ruling", "needs_reason"),
    [
        ("in_review", "approve", False),
        ("in_review", "reject", True),
        ("in_review", "request_information", True),
        ("approved", "suspend", True),
        ("suspended", "reinstate", False),
    ],
)
@pytest.mark.parametrize("words", [None, "", "  \n"])
def test_a_ruling_against_the_center_needs_words(
    status: str, ruling: Ruling, needs_reason: bool, words: str | None
) -> None:
    center = in_status(status)
    if needs_reason:
        with pytest.raises(ReasonRequired):
            center.ruled(APPLICATION, ruling, MODERATOR, words)
    else:
        assert center.ruled(APPLICATION, ruling, MODERATOR, words).verification == "approved"


@pytest.mark.parametrize("ruling", ["approve", "reject", "request_information"])
def test_only_the_moderator_who_took_an_application_rules_on_it(ruling: Ruling) -> None:
    center = in_status("in_review")
    with pytest.raises(AnotherReviewer):
        center.ruled(APPLICATION, ruling, ANOTHER, "because")
    taken_over = center.taken(APPLICATION, ANOTHER)
    assert taken_over.ruled(APPLICATION, ruling, ANOTHER, "because").verification == EXPECTED["in_review"][ruling]


@pytest.mark.parametrize(("status", "ruling"), [("approved", "suspend"), ("suspended", "reinstate")])
def test_any_moderator_suspends_and_reinstates(status: str, ruling: Ruling) -> None:
    assert in_status(status).ruled(APPLICATION, ruling, ANOTHER, "because").verification != status


def test_a_moderator_does_not_take_twice() -> None:
    with pytest.raises(AnotherReviewer):
        in_status("in_review").taken(APPLICATION, MODERATOR)


def test_an_earlier_application_is_no_longer_decided_on() -> None:
    with pytest.raises(ApplicationSuperseded):
        in_status("submitted").taken(uuid4(), MODERATOR)
    with pytest.raises(ApplicationSuperseded):
        in_status("in_review").ruled(uuid4(), "approve", MODERATOR, None)


def test_applying_again_frees_the_application_from_its_last_reviewer() -> None:
    again = in_status("rejected").submitted(uuid4())
    assert again.reviewer_id is None
    assert again.application_id != APPLICATION


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_approved_center_counts_as_approved(status: str) -> None:
    center = in_status(status)
    if status == "approved":
        center.demand_approved()
    else:
        with pytest.raises(CenterNotApproved):
            center.demand_approved()
