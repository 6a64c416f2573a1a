"""Scripted failures: what a test or a curious developer asks the double to do wrong."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, cast, get_args

from telegram_double.errors import BotApiError, blocked_by_user, too_many_requests

FaultKind = Literal["429", "403", "500", "502", "timeout_after_accept", "connection_reset"]


@dataclass
class Fault:
    """One scripted failure: it strikes the next `times` matching calls (None: all of them)."""

    method: str
    kind: FaultKind
    chat_id: int | None = None
    retry_after: int = 1
    times: int | None = 1
    hold_seconds: float = 30.0

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Whether the fault strikes this call."""
        return self.times != 0 and self.method.lower() in {"*", method.lower()} and self.chat_id in {None, chat_id}

    def error(self) -> BotApiError | None:
        """The refusal to answer with; None for the faults of the connection."""
        if self.kind == "429":
            return too_many_requests(self.retry_after)
        if self.kind == "403":
            return blocked_by_user()
        if self.kind == "500":
            return BotApiError(500, "Internal Server Error")
        if self.kind == "502":
            return BotApiError(502, "Bad Gateway")
        return None


class Faults:
    """The script, in the order it was written; the first match strikes."""

    def __init__(self) -> None:
        self._script: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Append to the script."""
        self._script.append(fault)

    def clear(self) -> None:
        """Forget the script."""
        self._script.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that strikes this call, counted down."""
        for fault in self._script:
            if fault.matches(method, chat_id):
                if fault.times is not None:
                    fault.times -= 1
                self._script = [left for left in self._script if left.times != 0]
                return fault
        return None

    def waiting(self) -> list[dict[str, Any]]:
        """What is still in the script."""
        return [asdict(fault) for fault in self._script]


def fault_from(body: dict[str, Any]) -> Fault:
    """A fault from a control request; raises ValueError that says what is wrong."""
    unknown = body.keys() - Fault.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"unknown field: {', '.join(sorted(unknown))}")
    kind = str(body.get("kind"))
    if kind not in get_args(FaultKind):
        raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}")
    times, chat_id = body.get("times", 1), body.get("chat_id")
    return Fault(
        method=str(body.get("method", "sendMessage")),
        kind=cast("FaultKind", kind),
        chat_id=None if chat_id is None else int(chat_id),
        retry_after=int(body.get("retry_after", 1)),
        times=None if times is None else int(times),
        hold_seconds=float(body.get("hold_seconds", 30)),
    )
