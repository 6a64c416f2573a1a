"""What the rules of this service refuse."""

from __future__ import annotations


class IllegalTransition(Exception):  # noqa: N818 - reads as what was tried
    """A delivery attempt cannot go from one state to the other."""

    def __init__(self, current: str, new: str) -> None:
        super().__init__(f"a delivery attempt does not go from {current} to {new}")
