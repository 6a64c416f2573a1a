"""How a process reaches Kafka, and the deadlines that aiokafka does not have."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

_log: Final = structlog.get_logger(__name__)

_CANCEL_GRACE: Final = 0.5
METADATA_BACKOFF: Final = 0.1
"""Seconds; aiokafka's own pause between other attempts."""


class KafkaStuck(Exception):  # noqa: N818 - reads as what happened
    """Kafka stayed away, or a client stopped making progress: the process ends, and its supervisor starts it anew."""


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """The brokers, and this service's principal where they ask for one (SASL SCRAM over TLS)."""

    bootstrap: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @property
    def brokers(self) -> int:
        """How many addresses there are to begin with."""
        return len(self.bootstrap.split(","))

    def options(self) -> dict[str, Any]:
        """Arguments of every aiokafka client."""
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap.split(",")}
        if self.username is not None:
            options |= {
                "security_protocol": "SASL_SSL",
                "ssl_context": ssl.create_default_context(cafile=self.ca_file),
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return options


async def within[T](seconds: float, waiting: Coroutine[Any, Any, T]) -> T:
    """Awaits in a task of its own, so that a stray CancelledError of aiokafka cannot end the caller.

    Raises TimeoutError after `seconds`, and leaves a task that does not even react to its cancellation behind.
    """
    task = asyncio.create_task(waiting)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        task.add_done_callback(_forget)
        await asyncio.wait({task}, timeout=_CANCEL_GRACE)
        raise TimeoutError(f"no end within {seconds:g} s")
    if task.cancelled():
        raise TimeoutError("cancelled from inside")
    return task.result()


async def close_quietly(what: str, seconds: float, closing: Coroutine[Any, Any, None]) -> bool:
    """Closes a client whose other side may be dead: whatever happens, the caller goes on after `seconds`.

    False when it did not close cleanly.
    """
    try:
        await within(seconds, closing)
    except Exception as error:  # noqa: BLE001 - nothing may stop a shutdown
        _log.warning("did not close cleanly", what=what, error=type(error).__name__)
        return False
    return True


def pace_metadata(client: Any) -> None:
    """An AIOKafkaClient whose brokers are away waits before it asks again; by itself it asks as fast as it is refused.

    It then takes most of a core for as long as no leader of a partition is known.
    """
    update: Callable[..., Awaitable[bool]] = client._metadata_update  # noqa: SLF001 - nothing else is between its attempts

    async def paced(*arguments: Any) -> bool:
        updated = await update(*arguments)
        if not updated:
            await asyncio.sleep(METADATA_BACKOFF)
        return updated

    client._metadata_update = paced  # noqa: SLF001


def _forget(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
