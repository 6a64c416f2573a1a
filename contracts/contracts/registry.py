"""Every topic, what travels on it, who writes it and who reads it. Topics are created from this list and no other."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from contracts import corrections, owners, sto, trust, workorders
from contracts.event import Event

type ServiceName = Literal["owners", "sto", "workorders", "trust", "notifier"]

PARTITIONS = 12
"""In production; never changed, because growth remaps keys. The local stack has 3."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic. `retention_ms` -1 keeps everything, so that a new service can start from the first event."""

    name: str
    key: str
    producer: ServiceName
    consumers: tuple[ServiceName, ...]
    events: tuple[type[Event], ...]
    partitions: int = PARTITIONS
    retention_ms: int = -1
    cleanup_policy: Literal["delete", "compact"] = "delete"
    tombstones: bool = False


_ALL: tuple[Topic, ...] = (
    Topic(
        "owners.user",
        key="user_id",
        producer="owners",
        consumers=("sto", "workorders", "trust", "notifier"),
        events=(owners.UserRegistered, owners.UserUpdated, owners.UserErased),
    ),
    Topic(
        "owners.profile",
        key="user_id",
        producer="owners",
        consumers=("sto", "notifier"),
        events=(owners.ProfileUpdated,),
        cleanup_policy="compact",
        tombstones=True,
    ),
    Topic(
        "owners.car",
        key="car_id",
        producer="owners",
        consumers=("sto", "workorders", "trust", "notifier"),
        events=(
            owners.CarRegistered,
            owners.CarUpdated,
            owners.CarArchived,
            owners.CarTransferred,
            owners.CarIdentityDecided,
            owners.AccessGranted,
            owners.AccessChanged,
            owners.AccessEnded,
            owners.OdometerGrownStale,
        ),
    ),
    Topic(
        "owners.record",
        key="car_id",
        producer="owners",
        consumers=("workorders", "trust"),
        events=(
            owners.ServiceEntryRecorded,
            owners.ServiceEntryChanged,
            owners.ServiceEntryRemoved,
            owners.ExpenseRecorded,
            owners.ExpenseChanged,
            owners.ExpenseRemoved,
            owners.FuelEntryRecorded,
            owners.FuelEntryChanged,
            owners.FuelEntryRemoved,
            owners.OdometerJudged,
        ),
    ),
    Topic(
        "sto.center",
        key="center_id",
        producer="sto",
        consumers=("owners", "workorders", "trust", "notifier"),
        events=(sto.CenterRegistered, sto.CenterUpdated, sto.CenterVerificationChanged),
    ),
    Topic(
        "sto.employee",
        key="center_id",
        producer="sto",
        consumers=("owners", "workorders", "trust", "notifier"),
        events=(sto.EmployeeJoined, sto.EmployeeRoleChanged, sto.EmployeeDeactivated),
    ),
    Topic(
        "sto.link",
        key="car_id",
        producer="sto",
        consumers=("owners", "workorders", "trust", "notifier"),
        events=(sto.LinkRequested, sto.LinkApproved, sto.LinkDeclined, sto.LinkRevoked, sto.LinkExpired),
    ),
    Topic(
        "sto.appointment",
        key="car_id",
        producer="sto",
        consumers=("owners", "trust"),
        events=(sto.AppointmentCheckedIn,),
    ),
    Topic(
        "workorders.workorder",
        key="car_id",
        producer="workorders",
        consumers=("owners", "trust", "notifier"),
        events=(
            workorders.WorkOrderOpened,
            workorders.EstimateSent,
            workorders.EstimateSuperseded,
            workorders.EstimateDecided,
            workorders.WorkOrderStatusChanged,
            workorders.WorkOrderCancelled,
            workorders.WorkOrderCompleted,
            corrections.CorrectionAccepted,
        ),
    ),
    Topic(
        "trust.recommendation",
        key="car_id",
        producer="trust",
        consumers=("trust", "notifier"),
        events=(trust.RecommendationOpened, trust.RecommendationChanged),
    ),
    Topic(
        "trust.score",
        key="subject_id",
        producer="trust",
        consumers=("trust", "notifier"),
        events=(trust.ScoreChanged,),
    ),
)

TOPICS: MappingProxyType[str, Topic] = MappingProxyType({topic.name: topic for topic in _ALL})
EVENTS: MappingProxyType[str, type[Event]] = MappingProxyType(
    {event.event_type: event for topic in _ALL for event in topic.events}
)


def event_class(event_type: str) -> type[Event]:
    """The model of a type; KeyError when no topic lists it."""
    return EVENTS[event_type]


def consumed_by(service: str) -> tuple[Topic, ...]:
    """The topics that a service subscribes to."""
    return tuple(topic for topic in _ALL if service in topic.consumers)


def produced_by(service: str) -> tuple[Topic, ...]:
    """The topics that only this service writes."""
    return tuple(topic for topic in _ALL if topic.producer == service)
