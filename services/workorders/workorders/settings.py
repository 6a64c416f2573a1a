"""Settings of workorders."""

from __future__ import annotations

from chassis.settings import ServiceSettings


class WorkordersSettings(ServiceSettings):
    """Nothing beside what every service reads."""
