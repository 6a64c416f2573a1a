from contracts.registry import consumed_by
from workorders.consumers import estimate_timers, subscriptions


def test_every_event_of_every_consumed_topic_is_listed() -> None:
    topics = consumed_by("workorders")
    assert subscriptions.topics == {topic.name for topic in topics}
    assert subscriptions.listed == {event.event_type for topic in topics for event in topic.events}


def test_every_timer_kind_has_a_handler() -> None:
    assert estimate_timers().kinds == {"estimate-expiry"}
