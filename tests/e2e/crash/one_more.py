"""A second process of a part of the stack."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cli.ports import choose_port
from cli.stack.stack import Stack


@contextmanager
def one_more(stack: Stack, part: str, *command: str, **variables: str) -> Iterator[str]:
    """`python -m COMMAND` with the part's environment and these variables; where it answers HTTP."""
    port = choose_port()
    environment = dict(stack.process(part)._environment() or os.environ) | variables
    environment |= {"CARPASS_HTTP_PORT": str(port), "CARPASS_CRASH_POINTS": ""}
    with (stack.state.logs / f"{part}-2.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", *command], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
