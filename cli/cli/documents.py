"""The generated documents of docs/: OpenAPI of each service and of all behind the gateway, AsyncAPI of the events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chassis.runtime import openapi_document
from cli.services import load_service
from cli.stack.plan import SERVICES
from cli.stack.state import REPOSITORY
from contracts.__main__ import generate as generate_contracts
from contracts.__main__ import problems as problems_of_contracts
from gateway.openapi import merge, only_paths
from gateway.routing import Router

OPENAPI = REPOSITORY / "docs" / "openapi"


def write() -> list[Path]:
    """Write all of them; the files whose content is new."""
    OPENAPI.mkdir(parents=True, exist_ok=True)
    generate_contracts()
    changed = [(path, text) for path, text in _openapi() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in changed:
        path.write_text(text, "utf-8")
    return [path for path, _ in changed]


def stale() -> list[str]:
    """A sentence for each document that does not say what the code says."""
    openapi = [path for path, text in _openapi() if not path.exists() or path.read_text("utf-8") != text]
    return [f"{path.relative_to(REPOSITORY)} is stale: run ./carpass documents" for path in openapi] + (
        problems_of_contracts()
    )


def _openapi() -> Iterator[tuple[Path, str]]:
    documents = {service: openapi_document(load_service(service)) for service in SERVICES}
    for service, document in documents.items():
        yield OPENAPI / f"{service}.json", _text(document)
    yield OPENAPI / "carpass.json", _text(merge({name: _public(name, each) for name, each in documents.items()}))


def _public(service: str, document: dict[str, Any]) -> dict[str, Any]:
    """What the gateway passes through to this service."""
    router = Router()

    def served(path: str) -> bool:
        route = router.find(path.replace("{", "").replace("}", ""))
        return route is not None and route.upstream == service

    return only_paths(document, served)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
