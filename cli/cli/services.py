"""The services' own code, for commands that work with it."""

import importlib
from typing import Final

from chassis.runtime import Service

MODERATED: Final = ("sto", "owners")
"""The services that have moderators."""


def load_service(name: str) -> Service:
    """As its wiring builds it, with this process' settings; wrong ones end the process with a sentence."""
    settings = getattr(importlib.import_module(f"{name}.settings"), f"{name.capitalize()}Settings")
    made: Service = importlib.import_module(f"{name}.wiring").service(settings.load())
    return made
