"""The breaking-change gate.

A change breaks when a consumer of the old schema can fail on, or misread, new data, or when a consumer of the new
schema can no longer read what is already stored in the topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.registry import TOPICS

type Schema = dict[str, Any]

_CONSTRAINTS = ("type", "format", "const", "pattern", "$id")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def breaking_changes(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[str]:
    """One sentence for each breaking change, naming the consumers that it breaks. Empty: safe to release."""
    found: list[str] = []
    for event_type, old in released.items():
        new = current.get(event_type)
        if new is None:
            found.append(f"{event_type}: the type was removed")
            continue
        found += [f"{event_type}: {what}{_broken(event_type)}" for what in _differences(old, new, old, new, "$")]
    return found


def _broken(event_type: str) -> str:
    consumers = [
        name
        for topic in TOPICS.values()
        if any(event.event_type == event_type for event in topic.events)
        for name in topic.consumers
    ]
    return f" (breaks {', '.join(consumers)})" if consumers else ""


def _differences(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    for name in _CONSTRAINTS:
        if old.get(name) != new.get(name):
            yield f"{path}: {name} changed from {old.get(name)!r} to {new.get(name)!r}"
    yield from _tightened(old, new, path)
    if removed := sorted(set(map(str, old.get("enum", []))) - set(map(str, new.get("enum", [])))):
        yield f"{path}: no longer allows {', '.join(removed)}"
    yield from _alternatives(old, new, old_root, new_root, path)
    if "items" in old and "items" in new:
        yield from _differences(old["items"], new["items"], old_root, new_root, f"{path}[]")
    yield from _properties(old, new, old_root, new_root, path)


def _tightened(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for name in _UPPER_BOUNDS:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{path}: {name} tightened to {new[name]}"
    for name in _LOWER_BOUNDS:
        if name in new and new[name] > old.get(name, float("-inf")):
            yield f"{path}: {name} tightened to {new[name]}"


def _alternatives(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    if len(before) != len(after):
        yield f"{path}: its alternatives changed from {len(before)} to {len(after)}"
        return
    for position, (one, other) in enumerate(zip(before, after, strict=True)):
        yield from _differences(one, other, old_root, new_root, f"{path}|{position}")


def _properties(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in before.items():
        if name not in after:
            yield f"{path}.{name}: removed"
        else:
            yield from _differences(schema, after[name], old_root, new_root, f"{path}.{name}")
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{path}.{name}: newly required, so events already stored no longer parse"
    for name in sorted((set(old.get("required", [])) - set(new.get("required", []))) & set(after)):
        yield f"{path}.{name}: no longer always present"


def _resolve(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    name = str(reference).removeprefix("#/$defs/")
    return {**root["$defs"][name], **{key: value for key, value in schema.items() if key != "$ref"}}
