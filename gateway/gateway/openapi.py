"""One OpenAPI 3.1 document out of the services' documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

type Json = dict[str, Any]
type Component = tuple[str, str]
"""Kind and name: ("schemas", "Money")."""

_REFERENCE: Final = "#/components/"
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_INFO: Final[Json] = {
    "title": "CarPass",
    "description": "The trustworthy life history of a car. Every path is served by one gateway.",
}


class Ambiguous(ValueError):  # noqa: N818 - reads as what is wrong
    """Two services describe one operation."""


def merge(documents: Mapping[str, Json]) -> Json:
    """The document of all services, by name; raises Ambiguous when two describe one operation.

    Components that services share word for word stay one; equal names for different things get the service's name
    in front, and so does whatever refers to them. The result depends on the documents only, not on their order.
    """
    services = sorted(documents)
    new_names = _new_names({service: documents[service].get("components", {}) for service in services})
    merged: Json = {
        "openapi": "3.1.0",
        "info": _INFO | {"version": _version(documents)},
        "servers": [{"url": "/"}],
        "tags": [{"name": service, "description": _title(service, documents[service])} for service in services],
        "paths": {},
        "components": {},
    }
    taken: set[str] = set()
    for service in services:
        document = _renamed(documents[service], new_names[service])
        _add_components(merged["components"], document.get("components", {}), new_names[service])
        _add_paths(merged["paths"], document.get("paths", {}), service, taken)
    merged["paths"] = dict(sorted(merged["paths"].items()))
    merged["components"] = {kind: dict(sorted(named.items())) for kind, named in sorted(merged["components"].items())}
    return merged


def only_paths(document: Json, wanted: Callable[[str], bool]) -> Json:
    """The document without the paths that nobody outside can reach, and without components only they use."""
    kept = document | {"paths": {path: item for path, item in document.get("paths", {}).items() if wanted(path)}}
    components: Json = document.get("components", {})
    used: set[Component] = set()
    waiting = list(_references(kept["paths"]))
    while waiting:
        component = waiting.pop()
        if component not in used:
            used.add(component)
            waiting += _references(components.get(component[0], {}).get(component[1], {}))
    kept["components"] = {
        kind: {name: part for name, part in named.items() if kind == "securitySchemes" or (kind, name) in used}
        for kind, named in components.items()
    }
    return kept


def _version(documents: Mapping[str, Json]) -> str:
    return max((str(document.get("info", {}).get("version", "0")) for document in documents.values()), default="0")


def _title(service: str, document: Json) -> str:
    return str(document.get("info", {}).get("title", service))


def _new_names(components: Mapping[str, Json]) -> dict[str, dict[Component, str]]:
    """For each service the components that get its name in front."""
    owners: dict[Component, list[str]] = {}
    for service, kinds in components.items():
        for kind, named in kinds.items():
            for name in named:
                owners.setdefault((kind, name), []).append(service)
    shared = {component: services for component, services in owners.items() if len(services) > 1}
    different: set[Component] = set()
    while True:
        found = {
            (kind, name)
            for (kind, name), services in shared.items()
            if (kind, name) not in different
            and _differs([components[service][kind][name] for service in services], different)
        }
        if not found:
            break
        different |= found  # whatever refers to these differs as well: look again
    return {
        service: {
            (kind, name): service.capitalize() + name[:1].upper() + name[1:]
            for kind, name in different
            if name in kinds.get(kind, {})
        }
        for service, kinds in components.items()
    }


def _differs(contents: list[Any], different: set[Component]) -> bool:
    first = json.dumps(contents[0], sort_keys=True)
    if any(json.dumps(content, sort_keys=True) != first for content in contents[1:]):
        return True
    return any(component in different for component in _references(contents[0]))


def _references(node: Any) -> Iterator[Component]:
    for text in _reference_texts(node):
        kind, _, name = text.removeprefix(_REFERENCE).partition("/")
        yield kind, name.partition("/")[0]


def _reference_texts(node: Any) -> Iterator[str]:
    # Not only under "$ref": a discriminator's mapping holds references as plain values.
    if isinstance(node, str) and node.startswith(_REFERENCE):
        yield node
    for child in _children(node):
        yield from _reference_texts(child)


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _renamed(node: Any, new_names: Mapping[Component, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: _renamed_security(value, new_names) if key == "security" else _renamed(value, new_names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_renamed(value, new_names) for value in node]
    if isinstance(node, str) and node.startswith(_REFERENCE):
        kind, name, *rest = node.removeprefix(_REFERENCE).split("/")
        return _REFERENCE + "/".join([kind, new_names.get((kind, name), name), *rest])
    return node


def _renamed_security(requirements: Any, new_names: Mapping[Component, str]) -> Any:
    """Security requirements name their schemes bare; anything else called `security` is renamed as usual."""
    if not isinstance(requirements, list):
        return _renamed(requirements, new_names)
    return [
        {new_names.get(("securitySchemes", name), name): scopes for name, scopes in requirement.items()}
        for requirement in requirements
    ]


def _add_components(merged: Json, components: Json, new_names: Mapping[Component, str]) -> None:
    for kind, named in components.items():
        for name, content in named.items():
            merged.setdefault(kind, {})[new_names.get((kind, name), name)] = content


def _add_paths(merged: Json, paths: Json, service: str, taken: set[str]) -> None:
    for path, item in paths.items():
        here = merged.setdefault(path, {})
        for key, value in item.items():
            if key in _METHODS:
                if key in here:
                    raise Ambiguous(f"{key.upper()} {path} is described twice, the second time by {service}")
                here[key] = value | {"tags": [service]}
                _make_unique(here[key], service, taken)
            elif here.setdefault(key, value) != value:
                raise Ambiguous(f"two services describe {key} of {path} differently")


def _make_unique(operation: Json, service: str, taken: set[str]) -> None:
    name = operation.get("operationId")
    if name is not None:
        operation["operationId"] = f"{service}_{name}" if name in taken else name
        taken.add(operation["operationId"])
