from contracts.registry import consumed_by
from owners.consumers import subscriptions


def test_every_type_of_every_consumed_topic_is_listed_and_no_other() -> None:
    assert subscriptions.topics == {topic.name for topic in consumed_by("owners")}
    assert subscriptions.listed == {event.event_type for topic in consumed_by("owners") for event in topic.events}
