"""Keeps what libraries log off the terminal: a command tells what it found in its own words, and --json stays JSON."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def quietly() -> Iterator[None]:
    """Within the block only critical lines of our own code are printed, and none of the Kafka client."""
    configuration = structlog.get_config()
    kafka = logging.getLogger("aiokafka")
    handler = logging.NullHandler()  # without any handler Python prints warnings to stderr by itself
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    kafka.addHandler(handler)
    try:
        yield
    finally:
        kafka.removeHandler(handler)
        structlog.configure(**configuration)
