from contracts.registry import consumed_by
from sto.consumers import link_timers, subscriptions


def test_every_event_of_every_topic_that_the_registry_names_is_listed() -> None:
    topics = consumed_by("sto")
    assert subscriptions.topics == {topic.name for topic in topics}
    assert subscriptions.listed == {event.event_type for topic in topics for event in topic.events}


def test_tombstones_are_handled_where_the_registry_announces_them() -> None:
    assert set(subscriptions.tombstone_handlers) == {topic.name for topic in consumed_by("sto") if topic.tombstones}


def test_the_one_kind_of_timer_has_its_handler() -> None:
    assert link_timers().kinds == {"link-expiry"}
