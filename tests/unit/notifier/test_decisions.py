from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.decisions import AUTHORISED, DECLINED, Decision, MadeBy, Outcome, Standing, outcome_of

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
SUBJECT, BRAKES, BELT = uuid4(), uuid4(), uuid4()


def answer(
    minutes: int, jobs: dict[UUID, str] | None = None, *, version: int = 1, outcome: Outcome | None = None
) -> Decision:
    decided = outcome or outcome_of((jobs or {}).values())
    return Decision(uuid4(), SUBJECT, version, decided, MadeBy.OWNER, NOW + timedelta(minutes=minutes), jobs or {})


def test_jobs_stay_open_until_each_is_decided() -> None:
    standing = Standing.of([answer(1, {BRAKES: AUTHORISED})], 1)
    assert standing.open_jobs([BRAKES, BELT]) == [BELT]
    assert not standing.untouched


def test_a_closed_question_has_no_open_jobs() -> None:
    standing = Standing.of([answer(2, outcome=Outcome.CLOSED), answer(1, {BRAKES: AUTHORISED})], 1)
    assert standing.closed
    assert standing.open_jobs([BRAKES, BELT]) == []


def test_answers_to_another_version_do_not_count() -> None:
    standing = Standing.of([answer(1, {BRAKES: AUTHORISED}, version=2)], 1)
    assert standing.untouched
    assert standing.open_jobs([BRAKES]) == [BRAKES]


@given(
    st.permutations(
        [answer(1, {BRAKES: AUTHORISED}), answer(2, {BELT: DECLINED}), answer(3, version=2, outcome=Outcome.CLOSED)]
    )
)
def test_the_order_of_arrival_does_not_matter(answers: list[Decision]) -> None:
    standing = Standing.of(answers, 1)
    assert standing.jobs == {BRAKES: AUTHORISED, BELT: DECLINED}
    assert standing.last is not None
    assert standing.last.jobs == {BELT: DECLINED}


@pytest.mark.parametrize(
    ("choices", "outcome"),
    [
        ([AUTHORISED, AUTHORISED], Outcome.APPROVED),
        ([DECLINED], Outcome.DECLINED),
        ([AUTHORISED, DECLINED], Outcome.PARTLY),
    ],
)
def test_the_outcome_sums_the_choices_up(choices: list[str], outcome: Outcome) -> None:
    assert outcome_of(choices) is outcome
