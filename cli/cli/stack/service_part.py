"""A Python process of the stack that tells its readiness over HTTP."""

import http.client
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from cli.part import Part
from cli.ports import require_free
from cli.processes import ManagedProcess
from cli.stack.fork_server import ForkServer

_PROBE_TIMEOUT = 3.0
# Settings of the stack's own tests and servers, which are not the services'.
_OWN_VARIABLES = ("CARPASS_TEST_", "CARPASS_POSTGRES_URL", "CARPASS_PYTHON", "CARPASS_JAVA", "CARPASS_KAFKA_HOME")


class ServicePart(Part):
    """`python -m MODULE …`, ready when `ready_path` on its port answers 200."""

    poll = 0.1  # many of them start at once, on few cores

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        port: int,
        ready_path: str,
        environment: Mapping[str, str],
        log: Path,
        record: Path,
        fork_server: ForkServer | None = None,
    ) -> None:
        super().__init__(name, log=log, record=record)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.readiness_url = self.url + ready_path
        self._arguments = list(arguments)
        self._variables = dict(environment)
        # An interpreter reads its own variables only when it starts.
        own_interpreter = any(name.startswith("PYTHON") for name in environment)
        self._fork_server = None if own_interpreter else fork_server

    def ready(self) -> bool:
        """True when it says so itself."""
        return answers_ok(self.readiness_url)

    def _prepare(self, until: float) -> list[str]:  # noqa: ARG002 -- nothing to prepare
        require_free(self.port, self.name, "end it, or start with --fresh to choose other ports.")
        # -P: a file in the current folder must not stand in for a package.
        return [sys.executable, "-P", "-m", *self._arguments]

    def _spawn(self, command: Sequence[str | Path]) -> ManagedProcess:
        forked = self._fork_server and self._fork_server.spawn(
            self._arguments, log=self.log, env=self._environment(), cwd=self.record.parent
        )
        return forked or super()._spawn(command)

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
        return inherited | {"PYTHONUNBUFFERED": "1"} | self._variables


def answers_ok(url: str, timeout: float = _PROBE_TIMEOUT) -> bool:
    """True when a GET of the local `url` is answered with 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
