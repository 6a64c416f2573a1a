"""What a service listens to, and which of its functions are called for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from chassis.consuming.messages import Received, Tombstone
from chassis.db import Transaction
from contracts.event import Event

type EventHandler = Callable[[Transaction, Sequence[Received[Any]]], Awaitable[None]]
type TombstoneHandler = Callable[[Transaction, Sequence[Tombstone]], Awaitable[None]]


class Kind(Enum):
    """How often a handler sees an event."""

    EFFECT = auto()  # once, by the inbox
    STATE = auto()  # at replays as well


@dataclass(frozen=True, slots=True)
class Registration:
    """One handler and the event types it wants."""

    kind: Kind
    event_types: frozenset[str]
    handler: EventHandler


class Subscriptions:
    """Everything one service consumes; `name` is the Kafka group and the inbox's consumer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.registrations: list[Registration] = []
        self.tombstone_handlers: dict[str, list[TombstoneHandler]] = {}
        self._events: dict[str, type[Event]] = {}
        self._ignored: dict[str, type[Event]] = {}
        self._effects: set[str] = set()

    def effect[H: EventHandler](self, *events: type[Event]) -> Callable[[H], H]:
        """The handler sees each event once, while its inbox row is kept; its rows need a business key as well."""
        return self._register(Kind.EFFECT, events)

    def state[H: EventHandler](self, *events: type[Event]) -> Callable[[H], H]:
        """The handler sees replays too: it upserts only where the stored sequence is lower."""
        return self._register(Kind.STATE, events)

    def tombstone[H: TombstoneHandler](self, topic: str) -> Callable[[H], H]:
        """The handler sees the keys that were removed from a compacted topic, replays included."""

        def register(handler: H) -> H:
            self.tombstone_handlers.setdefault(topic, []).append(handler)
            return handler

        return register

    def ignore(self, *events: type[Event]) -> None:
        """Listed, and on purpose not handled: such a record is passed over in silence."""
        self._ignored |= {event.event_type: event for event in events}

    @property
    def topics(self) -> frozenset[str]:
        """The topics to subscribe to."""
        events = (*self._events.values(), *self._ignored.values())
        return frozenset(event.topic for event in events) | self.tombstone_handlers.keys()

    @property
    def listed(self) -> frozenset[str]:
        """Every event type that is handled or ignored."""
        return frozenset(self._events) | frozenset(self._ignored)

    def event_class(self, event_type: str) -> type[Event] | None:
        """The model of a handled type."""
        return self._events.get(event_type)

    def ignored_class(self, event_type: str) -> type[Event] | None:
        """The model of an ignored type; a type that is handled as well is not ignored."""
        return None if event_type in self._events else self._ignored.get(event_type)

    def has_effect(self, event_type: str) -> bool:
        """Whether the type needs an inbox row."""
        return event_type in self._effects

    def _register[H: EventHandler](self, kind: Kind, events: Sequence[type[Event]]) -> Callable[[H], H]:
        if not events:
            raise TypeError("a handler needs at least one event class")

        def register(handler: H) -> H:
            types = frozenset(event.event_type for event in events)
            self._events |= {event.event_type: event for event in events}
            if kind is Kind.EFFECT:
                self._effects |= types
            self.registrations.append(Registration(kind, types, handler))
            return handler

        return register
