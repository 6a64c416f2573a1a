"""The parts of one stack: started with a word about each, ended in order whatever is still starting."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from cli.part import Part
from cli.stack.leftovers import stop_order
from cli.stack.parallel import in_parallel
from cli.stack.reporting import Progress, Report


@dataclass
class Remark:
    """What a timed step wants to say about itself."""

    text: str = ""


class Parts:
    """Parts by name, in the order of starting."""

    def __init__(self, report: Report) -> None:
        self.by_name: dict[str, Part] = {}
        self._report = report
        self._stopping = threading.Event()
        self._starting: set[str] = set()

    def add(self, name: str, part: Part) -> None:
        """Have the part ended with the others."""
        self.by_name[name] = part

    def start(self, name: str, until: float) -> None:
        """Start one part and wait until it is ready, unless everything is being ended."""
        self._starting.add(name)
        try:
            if not self._stopping.is_set():
                with self.timed(name):
                    self.by_name[name].start(until - time.monotonic())
        finally:
            self._starting.discard(name)

    @contextmanager
    def timed(self, name: str) -> Iterator[Remark]:
        """Report the block under `name` as ready, with its seconds, when it ends without an exception."""
        began = time.monotonic()
        remark = Remark()
        yield remark
        self._report(Progress(name, "ready", time.monotonic() - began, remark.text))

    def stop_all(self) -> None:
        """End everything in order; nothing starts afterwards."""
        self._stopping.set()
        for group in stop_order(self.by_name):
            in_parallel([partial(self._stop, name) for name in group])
        # A thread may have been about to start its part when that was ended: it finds out at its next look.
        while self._starting:
            for name in tuple(self._starting):
                self.by_name[name].stop()
            time.sleep(0.05)

    def _stop(self, name: str) -> None:
        part = self.by_name[name]
        if not part.running():
            part.stop()
            return
        began = time.monotonic()
        part.stop()
        self._report(Progress(name, "ended", time.monotonic() - began))
