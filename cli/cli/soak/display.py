"""How far a soak is: a bar on a terminal, a line now and then elsewhere. On stderr, for stdout is for the result."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.soak.rest import Unfinished

_LINE_EVERY = 15.0


class Display:
    """Nothing is written before `with` is entered, and nothing at all when it is `silent`."""

    def __init__(self, *, orders: int, faults: int, silent: bool = False, output: TextIO | None = None) -> None:
        self._orders = orders
        self._faults = faults
        self._silent = silent
        self._console = Console(file=output or sys.stderr)
        self._bar: Progress | None = None
        self._began = time.monotonic()
        self._last_line = self._began

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._silent:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task("orders", total=self._orders)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def progressed(self, orders: int, faults: int) -> None:
        """So many orders have ended, and so many faults have struck."""
        words = f"{faults} of {self._faults} faults"
        if self._bar:
            self._bar.update(self._task, completed=orders, description=words)
        elif time.monotonic() - self._last_line >= _LINE_EVERY:
            self.say(f"{orders} of {self._orders} orders, {words}")

    def unfinished(self, what: Unfinished) -> None:
        """What is still under way after the last order."""
        words = ", ".join(f"{name} {count}" for name, count in what.items()) or "at rest"
        if self._bar:
            self._bar.update(self._task, description=words)
        elif not what or time.monotonic() - self._last_line >= _LINE_EVERY:
            self.say(words)

    def say(self, what: str) -> None:
        """A line."""
        self._last_line = time.monotonic()
        if not self._silent:
            self._console.print(f"{self._last_line - self._began:7.1f} s  {what}", highlight=False, markup=False)
