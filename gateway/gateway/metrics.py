from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

FAILURES: Final = Counter(
    "carpass_gateway_upstream_failures", "Requests that a service did not answer.", ["upstream", "kind"]
)  # away, broken, timeout, full, open
ACTIVE: Final = Gauge("carpass_gateway_upstream_active", "Requests that a service is answering now.", ["upstream"])
BREAKER_OPEN: Final = Gauge("carpass_gateway_breaker_open", "1 while a service is left alone.", ["upstream"])
