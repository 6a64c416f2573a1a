from datetime import UTC, datetime, timedelta

import pytest
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.delivery import (
    GIVE_UP_AFTER,
    LONGEST_BACKOFF,
    Blocked,
    Delivered,
    NotTaken,
    Outcome,
    Reason,
    Refused,
    State,
    Throttled,
    Unanswered,
    backoff,
    check_transition,
    settle,
)
from notifier.domain.errors import IllegalTransition
from notifier.telegram.sending import outcome_of

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
SEND = SendMessage(chat_id=1, text="x")

ALLOWED = {
    (State.QUEUED, State.SENDING),
    (State.QUEUED, State.SUPPRESSED),
    (State.SENDING, State.QUEUED),
    (State.SENDING, State.SENT),
    (State.SENDING, State.FAILED),
    (State.SENDING, State.UNCERTAIN),
    (State.UNCERTAIN, State.SENT),
}


@pytest.mark.parametrize("current", State)
@pytest.mark.parametrize("new", State)
def test_an_attempt_goes_only_where_its_state_allows(current: State, new: State) -> None:
    if (current, new) in ALLOWED:
        check_transition(current, new)
    else:
        with pytest.raises(IllegalTransition):
            check_transition(current, new)


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Delivered(7), State.SENT, None),
        (Refused(), State.FAILED, Reason.REFUSED),
        (Blocked(), State.FAILED, Reason.BLOCKED),
        (Unanswered(), State.UNCERTAIN, Reason.NO_ANSWER),
        (Throttled(timedelta(seconds=3)), State.QUEUED, Reason.THROTTLED),
        (NotTaken(Reason.UNREACHABLE), State.QUEUED, Reason.UNREACHABLE),
    ],
)
def test_every_outcome_settles_the_attempt(outcome: Outcome, state: State, reason: Reason | None) -> None:
    settlement = settle(outcome, tries=1, queued_at=NOW, now=NOW)
    assert (settlement.state, settlement.reason) == (state, reason)
    check_transition(State.SENDING, settlement.state)


def test_only_a_blocked_message_disables_the_chat_and_only_a_throttled_one_silences_the_bot() -> None:
    blocked = settle(Blocked(), tries=1, queued_at=NOW, now=NOW)
    throttled = settle(Throttled(timedelta(seconds=3)), tries=1, queued_at=NOW, now=NOW)
    assert (blocked.disables_chat, blocked.freeze_until) == (True, None)
    assert (throttled.disables_chat, throttled.freeze_until) == (False, NOW + timedelta(seconds=3))


def test_silence_never_makes_a_message_old_news_but_a_day_of_failures_does() -> None:
    old = NOW - GIVE_UP_AFTER
    assert settle(Throttled(timedelta(seconds=3)), tries=9, queued_at=old, now=NOW).state is State.QUEUED
    assert settle(NotTaken(Reason.CHANNEL_ERROR), tries=9, queued_at=old, now=NOW).reason is Reason.GAVE_UP


@given(st.integers(min_value=1, max_value=10_000))
def test_pauses_grow_up_to_a_limit(tries: int) -> None:
    assert timedelta(seconds=1) <= backoff(tries) <= backoff(tries + 1) <= LONGEST_BACKOFF


def test_the_first_pauses_double() -> None:
    assert [backoff(tries).total_seconds() for tries in (1, 2, 3, 4)] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("error", "left", "outcome"),
    [
        (TelegramRetryAfter(SEND, "x", 5), True, Throttled(timedelta(seconds=5))),
        (TelegramForbiddenError(SEND, "x"), True, Blocked()),
        (TelegramBadRequest(SEND, "x"), True, Refused()),
        (TelegramEntityTooLarge(SEND, "x"), True, Refused()),
        (TelegramMigrateToChat(SEND, "x", 1), True, Refused()),
        (TelegramServerError(SEND, "x"), True, NotTaken(Reason.CHANNEL_ERROR)),
        (TelegramUnauthorizedError(SEND, "x"), True, NotTaken(Reason.MISCONFIGURED)),
        (TelegramNotFound(SEND, "x"), True, NotTaken(Reason.MISCONFIGURED)),
        (TelegramNetworkError(SEND, "x"), False, NotTaken(Reason.UNREACHABLE)),
        (TelegramNetworkError(SEND, "x"), True, Unanswered()),
        (ConnectionResetError(), True, Unanswered()),
        (TimeoutError(), False, NotTaken(Reason.UNREACHABLE)),
        (ClientDecodeError("x", ValueError(), ""), True, Unanswered()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_failure_of_a_call_says_whether_the_message_is_out(
    error: AiogramError | OSError, left: bool, outcome: Outcome
) -> None:
    assert outcome_of(error, left=left) == outcome
