"""Where baselines find the servers: variables that no service reads."""

from __future__ import annotations

from typing import Final

DATABASE: Final = "BENCH_DATABASE_URL"
KAFKA: Final = "BENCH_KAFKA_BOOTSTRAP"
