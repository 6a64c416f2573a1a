import pytest

from chassis.http.etag import etag, parse_if_match
from chassis.problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    ProblemKind,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    check_version,
)


@pytest.mark.parametrize(
    ("problem", "status", "slug"),
    [
        (BadRequest(), 400, "bad-request"),
        (Unauthenticated(), 401, "unauthenticated"),
        (Forbidden(), 403, "forbidden"),
        (NotFound(), 404, "not-found"),
        (Conflict(), 409, "conflict"),
        (PreconditionFailed(), 412, "stale-version"),
        (Invalid(), 422, "invalid"),
        (PreconditionRequired(), 428, "precondition-required"),
        (TooManyRequests(), 429, "too-many-requests"),
        (Problem(), 500, "internal-error"),
        (Unavailable(), 503, "unavailable"),
    ],
)
def test_problem_has_its_status_and_a_stable_slug(problem: Problem, status: int, slug: str) -> None:
    assert (problem.status, problem.slug) == (status, slug)


def test_problem_that_may_pass_says_when_to_come_back() -> None:
    assert Unavailable(retry_after=5).headers == {"Retry-After": "5"}
    assert TooManyRequests(retry_after=60).headers == {"Retry-After": "60"}


def test_detail_of_one_problem_does_not_stick_to_the_next() -> None:
    assert NotFound("no such car").detail == "no such car"
    assert NotFound().detail == NotFound.detail


def test_domain_error_is_told_with_its_own_words() -> None:
    kind = ProblemKind(409, "order-completed", "Order completed", read_model=True)
    problem = kind.problem(ValueError("the order is completed"))
    assert (problem.status, problem.slug, problem.detail) == (409, "order-completed", "the order is completed")
    assert problem.read_model


def test_version_passes_only_when_it_is_the_current_one() -> None:
    check_version(7, 7)
    for stale in (6, 8):
        with pytest.raises(PreconditionFailed):
            check_version(stale, 7)


@pytest.mark.parametrize("version", [0, 1, 7, 2**53])
def test_etag_is_read_back_as_the_version_it_was_made_of(version: int) -> None:
    assert parse_if_match([etag(version)]) == version
    assert parse_if_match([f" {etag(version)} "]) == version
