"""Reads permission_matrix.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workorders.domain.status import Status

_STATES = (
    Status.DRAFT,
    Status.AWAITING_APPROVAL,
    Status.APPROVED,
    Status.DECLINED,
    Status.IN_PROGRESS,
    Status.WAITING_PARTS,
    Status.ON_HOLD,
    Status.QUALITY_CHECK,
    Status.READY,
    Status.COMPLETED,
    Status.CANCELLED,
)


class Cell(NamedTuple):
    """What one role may do with one action in one state: "+", "-" or "x"."""

    action: str
    role: str
    status: Status
    expected: str


def cells() -> Iterator[Cell]:
    """Every cell of the matrix."""
    action = ""
    for line in (Path(__file__).parent / "permission_matrix.txt").read_text().splitlines()[4:]:
        if not line.startswith(" "):
            action = line.strip()
            continue
        role, *marks = line.split()
        for status, mark in zip(_STATES, marks, strict=True):
            yield Cell(action, role, status, mark)
