from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Employment:
    """What one employment became at a moment."""

    employee_id: UUID
    sequence: int
    center_id: UUID
    user_id: UUID
    role: str
    active: bool
    occurred_at: datetime
