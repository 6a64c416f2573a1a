"""The Prometheus metrics of the messaging half; each process role exposes its own at /metrics."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_LATENCY: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

OUTBOX_BACKLOG_AGE: Final = Gauge(
    "carpass_outbox_backlog_age_seconds", "Age of the oldest event that Kafka has not acknowledged."
)
OUTBOX_SENT: Final = Counter("carpass_outbox_sent", "Events acknowledged by Kafka.", ["topic"])
OUTBOX_SEND_SECONDS: Final = Histogram(
    "carpass_outbox_send_seconds", "From handing a batch to the producer to its acknowledgement.", buckets=_LATENCY
)
RELAY_ACTIVE: Final = Gauge("carpass_relay_active", "1 while this relay holds the lock, 0 while it stands by.")

CONSUMED: Final = Counter(
    "carpass_consumed_records", "Records by what became of them.", ["outcome"]
)  # applied, ignored, duplicate, dead
CONSUMER_BATCH_SECONDS: Final = Histogram(
    "carpass_consumer_batch_seconds", "Time to apply one batch.", buckets=_LATENCY
)
CONSUMER_LAG: Final = Gauge("carpass_consumer_lag_seconds", "Age of the oldest record not yet applied.", ["topic"])
CONSUMER_RETRIES: Final = Counter("carpass_consumer_retries", "Batches tried again after a transient failure.")
DEAD_LETTERS: Final = Counter("carpass_dead_letters", "Records given up.", ["topic"])
DEAD_LETTER_DEPTH: Final = Gauge("carpass_dead_letter_depth", "Dead letters waiting for somebody to look at them.")

TIMERS: Final = Counter("carpass_timers", "Timers by what became of them.", ["kind", "outcome"])  # done, failed, dead
