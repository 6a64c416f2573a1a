from __future__ import annotations

from prometheus_client import Histogram

REQUEST_SECONDS = Histogram(
    "carpass_http_request_seconds",
    "Time to answer a request.",
    ("service", "method", "route", "status"),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
