"""Starts the stack's Python processes from one that has imported what they all import (Linux).

Importing the web framework, the database toolkit and the Kafka client costs each process more than two
seconds of processor time; with seven to seventeen processes on two cores that was most of a start. Here it
is paid once, while Kafka starts. A forked process then runs exactly what `python -m MODULE …` runs.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from cli.processes import ManagedProcess, ProcessIdentity

PRELOADED = ("chassis.runtime", "chassis.http", "contracts.registry", "uvloop", "uvicorn")
_LARGEST_REQUEST = 1 << 20
_ANSWER_TIMEOUT = 60.0
_SOCKET_FD_VARIABLE = "CARPASS_FORK_SERVER_FD"


def available() -> bool:
    """Forking without exec is safe where system libraries allow it, which macOS' do not."""
    return sys.platform == "linux"


class ForkServer:
    """This process's end: asks for processes; when it closes, or this process dies, the server ends."""

    def __init__(self, log: Path, preloaded: Sequence[str] = PRELOADED) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(_ANSWER_TIMEOUT)
        with theirs, log.open("ab") as output:
            self._server = subprocess.Popen(
                [sys.executable, "-u", "-P", "-m", __name__, *preloaded],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {_SOCKET_FD_VARIABLE: str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def spawn(self, arguments: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path) -> ManagedProcess | None:
        """A process that runs module `arguments[0]` with the rest; None when the server does not answer."""
        request = {"arguments": list(arguments), "log": str(log), "env": dict(env), "cwd": str(cwd)}
        try:
            with self._lock:
                self._socket.sendall(json.dumps(request).encode())
                pid = int(self._socket.recv(64))
        except (OSError, ValueError):
            self._socket.close()  # a late answer would be taken for that to the next request
            return None
        try:
            return ManagedProcess(ProcessIdentity.of(pid))
        except psutil.NoSuchProcess:  # it has ended already
            return ManagedProcess(ProcessIdentity(pid, 0.0))

    def close(self) -> None:
        """End the server; what it started runs on."""
        self._socket.close()
        try:
            self._server.wait(5.0)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(5.0)


def serve(requests: socket.socket, preloaded: Sequence[str]) -> None:
    """Fork a process for each request until the other end closes."""
    for module in preloaded:
        importlib.import_module(module)
    if threading.active_count() != 1:
        raise RuntimeError(f"an import started a thread, so forking is not safe: {threading.enumerate()}")
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    while request := requests.recv(_LARGEST_REQUEST):
        pid = os.fork()
        if pid == 0:
            requests.close()
            _become(json.loads(request))
            return
        requests.sendall(str(pid).encode())


def _reap(_number: int, _frame: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(request: dict[str, object]) -> None:
    """Run the requested module as the main program of this new process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    module, *rest = _texts(request["arguments"])
    os.chdir(str(request["cwd"]))
    _redirect(str(request["log"]))
    environment = request["env"]
    os.environ.clear()
    os.environ.update(environment if isinstance(environment, dict) else {})
    Path("/proc/self/comm").write_text(" ".join((module, *rest[:1]))[:15])  # what ps and top show
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(os.environ.pop(_SOCKET_FD_VARIABLE))), sys.argv[1:])
