import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import ports
from cli.errors import StackError
from cli.ports import choose_port, is_free, remembered_port, require_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_chosen_port_is_remembered(tmp_path: Path) -> None:
    first = remembered_port(tmp_path / "port")
    assert remembered_port(tmp_path / "port") == first


def test_a_chosen_port_is_none_of_those_to_avoid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.ports._CHOICES", range(20_000, 20_003))
    monkeypatch.setattr("cli.ports.is_free", lambda _port: True)
    monkeypatch.setattr("cli.ports._claim", lambda _port: True)  # another run may have this one
    assert choose_port(avoid=[20_000, 20_002]) == 20_001


def test_what_was_chosen_is_nobody_elses_before_anything_listens_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.ports._CHOICES", [choose_port(), choose_port()])
    with pytest.raises(StackError, match="No free TCP port"):
        choose_port()
    choosing = "from cli import ports; ports._CHOICES = [{}, {}]; ports.choose_port()".format(*ports._CHOICES)
    other = subprocess.run([sys.executable, "-c", choosing], check=False, capture_output=True, text=True)
    assert "No free TCP port" in other.stderr


def test_a_remembered_port_is_nobody_elses_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choosing = f"from pathlib import Path; from cli.ports import *; remembered_port(Path({str(tmp_path / 'port')!r}))"
    subprocess.run([sys.executable, "-c", choosing], check=True)
    port = remembered_port(tmp_path / "port")
    monkeypatch.setattr("cli.ports._CHOICES", [port])
    with pytest.raises(StackError, match="No free TCP port"):
        choose_port()


def test_no_free_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.ports.is_free", lambda _port: False)
    with pytest.raises(StackError, match="No free TCP port"):
        choose_port()


def test_a_port_with_a_listener_is_not_free(taken_port: int) -> None:
    assert not is_free(taken_port)


def test_a_taken_port_is_told_with_what_to_do(taken_port: int) -> None:
    with pytest.raises(StackError, match=rf"^Port {taken_port} of gateway is in use by another program; end it\.$"):
        require_free(taken_port, "gateway", "end it.")
