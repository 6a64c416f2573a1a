import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from cli.errors import StackError
from cli.part import Part
from cli.ports import choose_port
from cli.stack.service_part import ServicePart

SERVES = """
import http.server, os, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(os.environ.get("CARPASS_GREETING", "").encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
"""
REFUSES = "raise SystemExit('CARPASS_JWKS_URL is not set')"
NEVER_READY = "import time; print('still waiting', flush=True); time.sleep(600)"


class MakePart(Protocol):
    def __call__(self, code: str, port: int | None = None) -> ServicePart: ...


@pytest.fixture
def make_part(tmp_path: Path) -> Iterator[MakePart]:
    """A part that runs the given code as a module of its own."""
    made: list[Part] = []

    def make(code: str, port: int | None = None) -> ServicePart:
        (tmp_path / "standin.py").write_text(textwrap.dedent(code))
        used = port or choose_port()
        part = ServicePart(
            "standin",
            ["standin", str(used)],
            port=used,
            ready_path="/readyz",
            environment={"PYTHONPATH": str(tmp_path)},
            log=tmp_path / "standin.log",
            record=tmp_path / "processes" / "standin.json",
        )
        made.append(part)
        return part

    yield make
    for part in made:
        part.kill()


def test_a_started_part_is_ready_and_a_stopped_one_is_gone(make_part: MakePart) -> None:
    part = make_part(SERVES)
    part.start(30)
    assert part.ready()
    part.stop()
    assert not part.running()
    assert not part.ready()
    assert not part.record.exists()


def test_a_part_that_ends_while_starting_is_told_with_its_last_words(make_part: MakePart) -> None:
    part = make_part(REFUSES)
    with pytest.raises(StackError, match=r"^standin ended while starting; see .*: CARPASS_JWKS_URL is not set$"):
        part.start(30)


def test_a_part_that_never_gets_ready_is_told_after_its_deadline(make_part: MakePart) -> None:
    part = make_part(NEVER_READY)
    with pytest.raises(StackError, match=r"^standin was not ready in time"):
        part.start(0.5)


def test_a_part_whose_port_somebody_else_has_is_not_started(make_part: MakePart) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        part = make_part(SERVES, foreign.getsockname()[1])
        with pytest.raises(StackError, match=r"of standin is in use by another program"):
            part.start(5)
    assert part.pid is None


def test_a_part_left_running_is_taken_over(make_part: MakePart) -> None:
    first = make_part(SERVES)
    first.start(30)
    again = make_part(SERVES, first.port)
    again.start(30)
    assert again.pid == first.pid


def test_a_killed_part_starts_again_on_its_port(make_part: MakePart) -> None:
    part = make_part(SERVES)
    part.start(30)
    killed = part.pid
    part.kill()
    part.start(30)
    assert part.pid != killed


def test_a_log_that_grew_large_is_set_aside(make_part: MakePart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.part._LARGEST_LOG", 10)
    part = make_part(SERVES)
    part.log.write_text("more than ten characters\n")
    part.start(30)
    assert part.log.with_suffix(".log.1").read_text() == "more than ten characters\n"
