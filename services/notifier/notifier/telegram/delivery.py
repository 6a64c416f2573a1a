"""The delivery loop of a worker: takes messages up, sends them at the shared pace, stores what became of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from aiogram import Bot
from opentelemetry.trace import SpanKind

from chassis.clock import Clock
from chassis.db import Database
from chassis.problems import Unavailable
from chassis.telemetry import current_trace_id, span_from
from chassis.timers import Timers
from notifier.commands.deliver import DeliveryLimits, abandon_lost, claim, record_outcome
from notifier.db.content import Content, load_contents
from notifier.db.deliveries import Claimed
from notifier.domain.conventions import Conventions
from notifier.domain.delivery import Outcome, Refused, State
from notifier.metrics import MESSAGES, SEND_SECONDS
from notifier.telegram.composing import compose
from notifier.telegram.pacing import sleep_until
from notifier.telegram.patience import repeat
from notifier.telegram.sending import send

_IN_FLIGHT: Final = 30
_RECORD_PAUSE: Final = 0.5
_SWEEP_EVERY: Final = 5.0

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.delivery")


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """`idle`: seconds between looks at an empty queue. `fallback`: for readers whose settings are not known."""

    limits: DeliveryLimits
    idle: float
    fallback: Conventions


class TelegramDelivery:
    """One worker's part of the delivery; any number of workers share the queue and the pace."""

    def __init__(self, database: Database, bot: Bot, timers: Timers, settings: DeliverySettings, clock: Clock) -> None:
        self._database = database
        self._bot = bot
        self._timers = timers
        self._settings = settings
        self._clock = clock
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers until `stop`, then waits for what is in the air; raises when the database stays away."""
        sweeping = asyncio.create_task(self._sweep(stop), name="delivery-sweep")
        try:
            await repeat(self._start_some, stop, idle=self._settings.idle)
        finally:
            if self._sending:
                await asyncio.wait(self._sending)
            sweeping.cancel()
            await asyncio.wait({sweeping})

    async def deliver_next(self) -> int:
        """Takes up what can be sent now and sends it; how many messages that were."""
        claimed, contents = await self._take_up(_IN_FLIGHT)
        await asyncio.gather(*(self._deliver(each, contents.get(each.notification_id)) for each in claimed))
        return len(claimed)

    async def abandon_lost(self) -> int:
        """Makes uncertain what a worker was sending when it was lost; how many messages that were."""
        async with self._database.transaction() as tx:
            lost = await abandon_lost(tx, timers=self._timers, now=self._clock())
        if lost:
            log.warning("messages of a lost worker are uncertain", count=lost)
            MESSAGES.labels(State.UNCERTAIN.value).inc(lost)
        return lost

    async def _sweep(self, stop: asyncio.Event) -> None:
        async def step() -> bool:
            await self.abandon_lost()
            return False

        await repeat(step, stop, idle=_SWEEP_EVERY)

    async def _start_some(self) -> bool:
        room = _IN_FLIGHT - len(self._sending)
        if room == 0:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            return True
        claimed, contents = await self._take_up(room)
        for each in claimed:
            task = asyncio.create_task(self._deliver(each, contents.get(each.notification_id)), name="delivery")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return bool(claimed)

    async def _take_up(self, room: int) -> tuple[list[Claimed], dict[UUID, Content]]:
        limits = self._settings.limits
        async with self._database.transaction() as tx:
            claimed = await claim(tx, DeliveryLimits(min(limits.batch, room), limits.lease), now=self._clock())
            wanted = [each.notification_id for each in claimed]
            contents = await load_contents(tx, wanted, self._settings.fallback) if wanted else {}
        return claimed, contents

    async def _deliver(self, claimed: Claimed, content: Content | None) -> None:
        traceparent = None if content is None else content.traceparent
        with span_from(traceparent, "telegram sendMessage", kind=SpanKind.CLIENT):
            outcome = await self._send(claimed, content)
            await self._record(claimed, outcome)

    async def _send(self, claimed: Claimed, content: Content | None) -> Outcome:
        if content is None:
            return Refused()  # erased meanwhile
        try:
            composed = compose(content)
        except Exception:
            log.exception("a notification has no text", template=content.template, notification=str(claimed.id))
            return Refused()
        await sleep_until(claimed.send_at, self._clock)
        with SEND_SECONDS.time():
            return await send(self._bot, claimed.chat_id, composed.html, composed.keyboard)

    async def _record(self, claimed: Claimed, outcome: Outcome) -> None:
        """Tries until the lease is over: then the message is uncertain, which is no less than true."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.limits.lease.total_seconds()
        while True:
            try:
                async with self._database.transaction() as tx:
                    settlement = await record_outcome(
                        tx,
                        claimed,
                        outcome,
                        timers=self._timers,
                        trace_id=current_trace_id(),
                        now=self._clock(),
                    )
                break
            except Unavailable:
                if loop.time() > deadline:
                    log.exception("outcome not stored", notification=str(claimed.notification_id))
                    return
                await asyncio.sleep(_RECORD_PAUSE)
        MESSAGES.labels(settlement.state.value).inc()
        said = "telegram message sent" if settlement.state is State.SENT else "telegram message not sent"
        log.info(
            said,
            notification=str(claimed.notification_id),
            state=settlement.state.value,
            reason=settlement.reason,
            tries=claimed.tries,
        )
