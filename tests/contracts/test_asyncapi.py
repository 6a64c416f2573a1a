import json

from contracts.asyncapi import document
from contracts.registry import EVENTS, TOPICS, consumed_by, produced_by

SERVICES = ("owners", "sto", "workorders", "trust", "notifier")


def test_every_reference_of_the_document_resolves() -> None:
    described = document("0")
    references = _references(described)
    assert references
    for reference in references:
        if reference.startswith("#/$defs/"):
            continue
        node = described
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_document_names_every_topic_event_sender_and_receiver() -> None:
    described = document("0")
    assert set(described["channels"]) == set(TOPICS)
    assert set(described["components"]["messages"]) == set(EVENTS)
    for service in SERVICES:
        for topic in produced_by(service):
            assert described["operations"][f"{service}.send.{topic.name}"]["action"] == "send"
        for topic in consumed_by(service):
            assert described["operations"][f"{service}.receive.{topic.name}"]["action"] == "receive"


def _references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(part) for part in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(part) for part in node))
    json.dumps(node)
    return set()
