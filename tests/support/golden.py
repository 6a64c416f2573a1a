"""Events for tests, made from the golden examples of the contracts."""

import json
from typing import Any

from contracts.event import Event
from contracts.schemas import EXAMPLES


def golden[E: Event](event: type[E], example: str, **changes: Any) -> E:
    """The example of that name with other values; `snapshot={...}` changes fields within the snapshot."""
    stored = json.loads((EXAMPLES / event.event_type / f"{example}.json").read_text("utf-8"))
    if "snapshot" in stored:
        stored["snapshot"] |= changes.pop("snapshot", {})
    return event.model_validate(stored | changes)
