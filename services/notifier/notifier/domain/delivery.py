"""One message to one chat: the states of a delivery attempt, and what each answer of the channel makes of it.

sendMessage has no idempotency key. So `sending` is stored before the call, and once a request may have left, only the
channel's own word moves the attempt on: without it, it is `uncertain` and never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.domain.errors import IllegalTransition

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)
"""After this long a message is old news; it stays readable in the inbox."""


class State(StrEnum):
    """Where an attempt stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"


class Reason(StrEnum):
    """Why an attempt is where it is, for the API and for operators."""

    NO_CHAT = "no_chat"
    CHAT_DISABLED = "chat_disabled"
    UNLINKED = "unlinked"
    ERASED = "erased"
    BLOCKED = "blocked"
    REFUSED = "refused"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    CHANNEL_ERROR = "channel_error"
    MISCONFIGURED = "misconfigured"
    GAVE_UP = "gave_up"
    NO_ANSWER = "no_answer"
    INTERRUPTED = "interrupted"


_NEXT: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.SUPPRESSED}),
    State.SENDING: frozenset({State.QUEUED, State.SENT, State.FAILED, State.UNCERTAIN}),
    State.UNCERTAIN: frozenset({State.SENT}),  # the answer came late, or the reader pressed a button of the message
    State.SENT: frozenset(),
    State.FAILED: frozenset(),
    State.SUPPRESSED: frozenset(),
}


def check_transition(current: State, new: State) -> None:
    """Raises IllegalTransition when an attempt cannot go from one state to the other."""
    if new not in _NEXT[current]:
        raise IllegalTransition(current, new)


def sources(new: State) -> frozenset[State]:
    """The states from which an attempt may go to this one."""
    return frozenset(state for state, following in _NEXT.items() if new in following)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel has the message, under this id."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel will never take this message."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The reader does not want messages of the bot, or is gone."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """The channel wants silence from the whole bot."""

    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The channel certainly has no message: it was not reached, or said so itself."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The request may have left, and no answer came."""


type Outcome = Delivered | Refused | Blocked | Throttled | NotTaken | Unanswered


@dataclass(frozen=True, slots=True)
class Settlement:
    """The attempt's next state, and what else the outcome means."""

    state: State
    reason: Reason | None = None
    message_id: int | None = None
    due_at: datetime | None = None
    freeze_until: datetime | None = None
    disables_chat: bool = False


def settle(  # noqa: PLR0911 - one arm per outcome
    outcome: Outcome, *, tries: int, queued_at: datetime, now: datetime
) -> Settlement:
    """What an outcome makes of an attempt that was called `tries` times and has waited since `queued_at`."""
    match outcome:
        case Delivered(message_id):
            return Settlement(State.SENT, message_id=message_id)
        case Refused():
            return Settlement(State.FAILED, Reason.REFUSED)
        case Blocked():
            return Settlement(State.FAILED, Reason.BLOCKED, disables_chat=True)
        case Unanswered():
            return Settlement(State.UNCERTAIN, Reason.NO_ANSWER)
        case Throttled(retry_after):
            until = now + retry_after
            return Settlement(State.QUEUED, Reason.THROTTLED, due_at=until, freeze_until=until)
        case NotTaken(reason):
            if now - queued_at >= GIVE_UP_AFTER:
                return Settlement(State.FAILED, Reason.GAVE_UP)
            return Settlement(State.QUEUED, reason, due_at=now + backoff(tries))


def backoff(tries: int) -> timedelta:
    """How long to wait after the given number of calls in vain: 1 s, 2 s, 4 s … 5 min."""
    doublings = min(max(tries - 1, 0), 16)
    return min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF)
