"""Parameters of messages as JSON and back."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from notifier.domain.templates import PARAMS, Params, Template

_ADAPTERS: dict[type[Params], TypeAdapter[Params]] = {kind: TypeAdapter(kind) for kind in set(PARAMS.values())}


def dumped(params: Params) -> str:
    """As JSON text."""
    return _ADAPTERS[type(params)].dump_json(params).decode()


def loaded(template: Template, stored: Any) -> Params:
    """From what a jsonb column holds."""
    return _ADAPTERS[PARAMS[template]].validate_python(stored)
