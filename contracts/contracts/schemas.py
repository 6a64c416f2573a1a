"""JSON schemas of events and documents: generated from the models, committed, and held against the last release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts import exchange
from contracts.registry import EVENTS

ROOT = Path(__file__).parent.parent
CURRENT = ROOT / "schemas"
RELEASED = ROOT / "released"
EXAMPLES = ROOT / "examples"
DOCUMENTS = ROOT / "documents"
DOCUMENT_MODELS: dict[str, type[BaseModel]] = {exchange.FORMAT: exchange.ExchangeDocument}

type Schema = dict[str, Any]


def schema_of(event_type: str) -> Schema:
    """The JSON schema of a type's data, as a consumer sees it."""
    schema = EVENTS[event_type].model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:carpass:event:{event_type}",
        **schema,
    }


def document_schema(name: str) -> Schema:
    """The JSON schema of a document that people take along, as its reader sees it."""
    schema = DOCUMENT_MODELS[name].model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:carpass:document:{name}",
        **schema,
    }


def as_text(document: Schema) -> str:
    """The committed form: stable, so that a difference is a change."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_folder(folder: Path) -> dict[str, Schema]:
    """Every schema in a folder, by event type."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def write_folder(folder: Path) -> None:
    """Make a folder hold exactly the schemas of today's models."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.json")) - {folder / f"{event_type}.json" for event_type in EVENTS}:
        stale.unlink()
    for event_type in EVENTS:
        (folder / f"{event_type}.json").write_text(as_text(schema_of(event_type)), "utf-8")


def write_documents() -> None:
    """Write the documents' schemas."""
    DOCUMENTS.mkdir(exist_ok=True)
    for name in DOCUMENT_MODELS:
        (DOCUMENTS / f"{name}.json").write_text(as_text(document_schema(name)), "utf-8")


def examples() -> Iterator[tuple[str, Path]]:
    """Every golden example as (event type, file): examples/<type>/<what it shows>.json."""
    for path in sorted(EXAMPLES.glob("*/*.json")):
        yield path.parent.name, path
