"""Says what happens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import typer

_SCALES = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}


def money(amount: Mapping[str, Any]) -> str:
    """An amount as people write it."""
    scale = _SCALES.get(amount["currency"], 2)
    value = Decimal(amount["amount_minor"]).scaleb(-scale)
    return f"{value:,.{scale}f} {amount['currency']}".replace(",", " ")


class Narrator:
    """A line a step, with the seconds since the beginning; silent when the output is for a program."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """Something was done."""
        self.say(f"{time.monotonic() - self._began:6.2f} s  {text}")

    def say(self, text: str) -> None:
        """A line as it is."""
        if not self._silent:
            typer.echo(text)
