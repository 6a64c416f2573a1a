from contracts.registry import consumed_by
from notifier.consumers import make_subscriptions
from notifier.wiring import reminder_timers


def test_every_event_of_every_topic_that_the_registry_names_is_listed() -> None:
    topics = consumed_by("notifier")
    subscriptions = make_subscriptions()
    assert subscriptions.topics == {topic.name for topic in topics}
    assert subscriptions.listed == {event.event_type for topic in topics for event in topic.events}


def test_tombstones_are_handled_where_the_registry_announces_them() -> None:
    announced = {topic.name for topic in consumed_by("notifier") if topic.tombstones}
    assert set(make_subscriptions().tombstone_handlers) == announced


def test_the_one_kind_of_timer_has_its_handler() -> None:
    assert reminder_timers().kinds == {"decision-reminder"}
