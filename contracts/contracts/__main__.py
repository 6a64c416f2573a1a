"""`python -m contracts generate | check | release`.

generate  write schemas/, documents/ and docs/asyncapi.json from the models
check     exit 1, naming each difference, when they are stale or break a consumer of the last release
release   make today's schemas the ones that later changes are held against
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from contracts import asyncapi
from contracts.compatibility import breaking_changes
from contracts.registry import EVENTS
from contracts.schemas import (
    CURRENT,
    DOCUMENT_MODELS,
    DOCUMENTS,
    RELEASED,
    ROOT,
    as_text,
    document_schema,
    read_folder,
    schema_of,
    write_documents,
    write_folder,
)

ASYNCAPI: Path = ROOT.parent / "docs" / "asyncapi.json"


def _asyncapi_text() -> str:
    return as_text(asyncapi.document(version("carpass-contracts")))


def generate() -> None:
    """Write what is generated from the models."""
    write_folder(CURRENT)
    write_documents()
    ASYNCAPI.parent.mkdir(exist_ok=True)
    ASYNCAPI.write_text(_asyncapi_text(), "utf-8")


def problems() -> list[str]:
    """What stands against releasing today's models, a sentence each."""
    models = {event_type: schema_of(event_type) for event_type in EVENTS}
    committed = read_folder(CURRENT)
    stale = [f"schemas/{name}.json is stale" for name in models if committed.get(name) != models[name]]
    stale += [f"schemas/{name}.json has no event any more" for name in committed if name not in models]
    documents = read_folder(DOCUMENTS)
    stale += [
        f"documents/{name}.json is stale" for name in DOCUMENT_MODELS if documents.get(name) != document_schema(name)
    ]
    if not ASYNCAPI.exists() or ASYNCAPI.read_text("utf-8") != _asyncapi_text():
        stale.append("docs/asyncapi.json is stale")
    return [f"{what}: run python -m contracts generate" for what in stale] + breaking_changes(
        read_folder(RELEASED), models
    )


def main(arguments: list[str]) -> int:
    """Run one command; 0 is good, 1 has problems, 2 is a wrong call."""
    match arguments:
        case ["generate"]:
            generate()
        case ["release"]:
            if found := breaking_changes(read_folder(RELEASED), {name: schema_of(name) for name in EVENTS}):
                sys.stderr.write("\n".join(found) + "\n")
                return 1
            write_folder(RELEASED)
        case ["check"]:
            found = problems()
            sys.stderr.write("".join(f"{line}\n" for line in found))
            return 1 if found else 0
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
