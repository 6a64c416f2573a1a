"""Local TCP ports: chosen once, remembered in the state folder, told when somebody else took them."""

import random
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cli.errors import StackError

# Below the kernel's range for outgoing connections: a port of ours must still be free after its
# server was killed and starts again.
_CHOICES = range(20_000, 32_000)
_ATTEMPTS = 200
_HOST: Final = "127.0.0.1"


def is_free(port: int, host: str = _HOST) -> bool:
    """True when a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(avoid: Iterable[int] = ()) -> int:
    """A free port on 127.0.0.1 that is not in `avoid`; nobody else gets it from here while this process lives."""
    taken = set(avoid)
    for _ in range(_ATTEMPTS):
        port = random.choice(_CHOICES)  # noqa: S311 -- no secret
        if port not in taken and is_free(port) and _claim(port):
            return port
    raise StackError("No free TCP port was found on 127.0.0.1; end some local servers and try again.")


def _claim(port: int) -> bool:
    """Makes it ours until this process ends, because a server listens only seconds after the choice; false: another's.

    The claim is the UDP port of the same number: one process can have it, and the kernel takes it back.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
        try:
            claim.bind((_HOST, port))
        except OSError:
            return False
        claim.detach()
    return True


def remembered_port(file: Path, avoid: Iterable[int] = ()) -> int:
    """The port written in `file`; chosen and written there at the first call."""
    if file.exists():
        port = int(file.read_text())
        _claim(port)  # nobody else is to choose it; who has it already is told when a server starts
        return port
    port = choose_port(avoid)
    file.write_text(f"{port}\n")
    return port


def require_free(port: int, part: str, remedy: str) -> None:
    """Raise the sentence a person needs when `port` is taken."""
    if not is_free(port):
        raise StackError(f"Port {port} of {part} is in use by another program; {remedy}")
