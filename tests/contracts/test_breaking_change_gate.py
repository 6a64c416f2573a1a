import copy
from collections.abc import Callable
from typing import Any

import pytest

from contracts.__main__ import problems
from contracts.compatibility import breaking_changes
from contracts.registry import EVENTS
from contracts.schemas import schema_of

TYPE = "workorders.workorder.completed.v1"
Edit = Callable[[dict[str, Any]], object]


def test_committed_schemas_and_asyncapi_are_fresh_and_break_nobody() -> None:
    assert problems() == []


def test_an_unchanged_model_breaks_nobody() -> None:
    schemas = {event_type: schema_of(event_type) for event_type in EVENTS}
    assert breaking_changes(schemas, schemas) == []


BREAKING: dict[str, Edit] = {
    "a field is removed": lambda s: s["properties"].pop("revision"),
    "a nested field is removed": lambda s: s["$defs"]["SnapshotLabor"]["properties"].pop("hours"),
    "a field changes its type": lambda s: s["properties"]["number"].update(type="string"),
    "a nullable field is no longer nullable": lambda s: s["$defs"]["Snapshot"]["properties"]["complaint"].update(
        anyOf=[{"type": "string"}]
    ),
    "an optional field becomes required": lambda s: (
        s["properties"].update(newcomer={"type": "string"}),
        s["required"].append("newcomer"),
    ),
    "a value is no longer allowed": lambda s: s["$defs"]["OrderStatus"]["enum"].remove("on_hold"),
    "a bound is tightened": lambda s: s["properties"]["sequence"].update(minimum=2),
    "a promised field may be missing": lambda s: s["required"].remove("number"),
}


@pytest.mark.parametrize("what", BREAKING)
def test_gate_names_the_consumers_when(what: str) -> None:
    released, current = {TYPE: schema_of(TYPE)}, {TYPE: copy.deepcopy(schema_of(TYPE))}
    BREAKING[what](current[TYPE])
    found = breaking_changes(released, current)
    assert len(found) == 1
    assert "owners, trust, notifier" in found[0]


ADDITIVE: dict[str, Edit] = {
    "an optional field is added": lambda s: s["properties"].update(newcomer={"type": "string"}),
    "a value is added": lambda s: s["$defs"]["OrderStatus"]["enum"].append("washing"),
    "a bound is loosened": lambda s: s["properties"]["sequence"].update(minimum=0),
    "a description changes": lambda s: s.update(description="other words"),
}


@pytest.mark.parametrize("what", ADDITIVE)
def test_gate_lets_pass_when(what: str) -> None:
    released, current = {TYPE: schema_of(TYPE)}, {TYPE: copy.deepcopy(schema_of(TYPE))}
    ADDITIVE[what](current[TYPE])
    assert breaking_changes(released, current) == []


def test_gate_refuses_the_removal_of_a_type() -> None:
    assert breaking_changes({TYPE: schema_of(TYPE)}, {}) == [f"{TYPE}: the type was removed"]
