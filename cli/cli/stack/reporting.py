"""How a stack tells what its parts do; the commands decide how that looks."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One thing that happened to one part."""

    part: str
    state: str
    seconds: float | None = None
    detail: str = ""


type Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """For callers that look at the stack itself."""
