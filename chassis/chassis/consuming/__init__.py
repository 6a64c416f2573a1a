"""Consuming events: what a service subscribes to, and how records are applied."""

from chassis.consuming.batch import BatchOutcome, apply_batch
from chassis.consuming.messages import RawRecord, Received, Refuse, Tombstone, raw_record
from chassis.consuming.subscriptions import Subscriptions

__all__ = [
    "BatchOutcome",
    "RawRecord",
    "Received",
    "Refuse",
    "Subscriptions",
    "Tombstone",
    "apply_batch",
    "raw_record",
]
