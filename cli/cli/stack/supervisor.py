"""Starts again what ended by itself, as the supervisor that a service counts on when it exits on purpose."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cli.errors import StackError
from cli.part import Part
from cli.stack.reporting import Progress, Report

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_STEADY_AFTER = 30.0
"""Seconds of running after which an end counts as the first again."""
_PREPARATION = 30.0


@dataclass
class _Watched:
    held: bool = False
    """Ended on purpose: not to be started."""
    pause: float = _FIRST_PAUSE
    launched_at: float = 0.0
    due_at: float | None = None
    """When it is to be started again; None while it runs."""
    becoming_ready: bool = False


class Supervisor:
    """Looks at every part at each `tick`; a part that keeps ending is started ever more slowly."""

    def __init__(self, parts: Mapping[str, Part], report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._report = report
        self._clock = clock
        self._watched = {name: _Watched(launched_at=clock()) for name in parts}

    def hold(self, name: str) -> None:
        """Leave this part ended until `release`."""
        self._watched[name].held = True

    def release(self, name: str) -> None:
        """Watch over this part again, which runs now."""
        self._watched[name] = _Watched(launched_at=self._clock())

    def tick(self) -> None:
        """Look at every part once; nothing here waits for a part to become ready."""
        for name, part in self._parts.items():
            watched = self._watched[name]
            if watched.held:
                continue
            if part.running():
                self._tell_when_ready(name, part, watched)
            elif watched.due_at is None:
                self._plan_restart(name, part, watched)
            elif self._clock() >= watched.due_at:
                self._restart(name, part, watched)

    def _tell_when_ready(self, name: str, part: Part, watched: _Watched) -> None:
        if watched.becoming_ready and part.ready():
            watched.becoming_ready = False
            self._report(Progress(name, "ready again", self._clock() - watched.launched_at))

    def _plan_restart(self, name: str, part: Part, watched: _Watched) -> None:
        now = self._clock()
        if now - watched.launched_at >= _STEADY_AFTER:
            watched.pause = _FIRST_PAUSE
        watched.due_at = now + watched.pause
        code = part.exit_code
        how = "ended" if code is None else f"ended with code {code}"
        self._report(Progress(name, how, detail=f"starts again in {watched.pause:g} s; see {part.log}"))
        watched.pause = min(watched.pause * 2, _LONGEST_PAUSE)

    def _restart(self, name: str, part: Part, watched: _Watched) -> None:
        now = self._clock()
        watched.launched_at, watched.due_at = now, None
        try:
            part.launch(time.monotonic() + _PREPARATION)
            watched.becoming_ready = True
        except (StackError, OSError) as error:
            watched.due_at = now + watched.pause
            watched.pause = min(watched.pause * 2, _LONGEST_PAUSE)
            self._report(Progress(name, "not started", detail=str(error)))
