"""Settings of sto."""

from __future__ import annotations

from chassis.settings import ServiceSettings


class StoSettings(ServiceSettings):
    """Nothing beside what every service reads."""
