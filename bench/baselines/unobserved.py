"""A service of the product without its telemetry: no span, no metric, no log line for a request.

Started as `python -m bench.baselines.unobserved SERVICE api`.
"""

from __future__ import annotations

import runpy
import sys

from starlette.types import ASGIApp, Receive, Scope, Send

import chassis.http.app
from chassis.health import Health


class Unobserved:
    """Stands where `chassis.http.observed.Observed` stands, and looks away."""

    def __init__(self, app: ASGIApp, *, service: str, health: Health) -> None:
        del service, health
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application alone; what it raises is nobody's to answer, and makes the run invalid."""
        await self._app(scope, receive, send)


if __name__ == "__main__":
    vars(chassis.http.app)["Observed"] = Unobserved
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
