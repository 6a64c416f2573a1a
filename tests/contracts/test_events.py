import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rfc8785

from contracts.corrections import CorrectionAccepted
from contracts.registry import EVENTS, TOPICS
from contracts.schemas import examples, schema_of
from contracts.workorders import WorkOrderCompleted

EXAMPLES = list(examples())


@pytest.mark.parametrize(("event_type", "path"), EXAMPLES, ids=[f"{kind}/{path.stem}" for kind, path in EXAMPLES])
def test_golden_example_parses_validates_and_survives_a_round_trip(event_type: str, path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    event = EVENTS[event_type].model_validate(stored)
    jsonschema.validate(stored, schema_of(event_type))
    assert json.loads(event.model_dump_json()) == stored


def test_every_event_has_a_golden_example() -> None:
    assert {event_type for event_type, _ in EXAMPLES} == set(EVENTS)


@pytest.mark.parametrize("event_type", EVENTS)
def test_event_type_names_its_producer_and_a_version_and_is_listed_under_its_own_topic(event_type: str) -> None:
    event = EVENTS[event_type]
    topic = TOPICS[event.topic]
    assert re.fullmatch(r"[a-z]+\.[a-z-]+\.[a-z-]+\.v\d+", event_type)
    assert event_type.partition(".")[0] == topic.producer
    assert event in topic.events
    assert event.key_field == topic.key
    assert {event.key_field, event.subject_field} <= set(event.model_fields)


def test_an_event_from_a_newer_producer_with_one_more_field_still_parses() -> None:
    stored = _completed("brakes")
    stored["a_field_of_next_year"] = {"x": 1}
    stored["snapshot"]["another"] = 2
    assert WorkOrderCompleted.model_validate(stored) == WorkOrderCompleted.model_validate(_completed("brakes"))


def test_snapshot_hash_of_the_golden_completion_is_the_hash_of_its_canonical_json() -> None:
    stored = _completed("brakes")
    assert hashlib.sha256(rfc8785.dumps(stored["snapshot"])).hexdigest() == stored["snapshot_sha256"]


def test_amendments_are_hashed_as_snapshots_are_and_point_at_the_one_that_they_amend() -> None:
    snapshot_sha256 = _completed("brakes")["snapshot_sha256"]
    amended = [path for kind, path in EXAMPLES if kind == CorrectionAccepted.event_type]
    for stored in (json.loads(path.read_text("utf-8")) for path in amended):
        amendment = stored["amendment"]
        assert hashlib.sha256(rfc8785.dumps(amendment)).hexdigest() == stored["amendment_sha256"]
        assert amendment["snapshot_sha256"] == stored["snapshot_sha256"] == snapshot_sha256
        assert (amendment["revision"], amendment["kind"]) == (stored["revision"], stored["kind"])
    assert {path.parent.name for path in amended} == {CorrectionAccepted.event_type}


def test_no_event_but_the_compacted_profile_has_a_field_for_a_person() -> None:
    personal = re.compile(r"phone|email|first_name|last_name|display_name|telegram|address", re.IGNORECASE)
    for event_type, event in EVENTS.items():
        if event.topic != "owners.profile":
            assert not personal.search(json.dumps(list(_field_names(schema_of(event_type))))), event_type


def _field_names(schema: object) -> list[str]:
    if isinstance(schema, dict):
        own = list(schema["properties"]) if isinstance(schema.get("properties"), dict) else []
        return own + [name for part in schema.values() for name in _field_names(part)]
    if isinstance(schema, list):
        return [name for part in schema for name in _field_names(part)]
    return []


def _completed(name: str) -> dict[str, Any]:
    path = next(path for kind, path in EXAMPLES if kind == WorkOrderCompleted.event_type and path.stem == name)
    stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return stored
