"""`carpass test --docker` where there is no engine, and what of the arguments pytest gets."""

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build
from cli.commands import test as command
from cli.errors import StackError

type Replaced = list[list[str]]


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Replaced:
    """The command lines that would have taken this process's place."""
    lines: Replaced = []
    monkeypatch.setattr(os, "execv", lambda _program, line: lines.append(line))
    monkeypatch.delenv(command.DOCKER, raising=False)
    monkeypatch.chdir(Path.cwd())  # the command changes into the repository
    return lines


def invoke(*arguments: str) -> None:
    result = CliRunner().invoke(build(["test"]), ["test", *arguments])
    if result.exception:
        raise result.exception


def test_everything_else_is_for_pytest(replaced: Replaced) -> None:
    invoke("tests/unit/cli", "-k", "port", "-n", "0")
    assert replaced == [[sys.executable, "-m", "pytest", "-n", "2", "tests/unit/cli", "-k", "port", "-n", "0"]]
    assert command.DOCKER not in os.environ


def test_docker_may_stand_anywhere(replaced: Replaced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "require_engine", lambda: None)
    monkeypatch.setenv(command.DOCKER, "")
    invoke("tests/service/trust", "--docker", "-x")
    assert replaced == [[sys.executable, "-m", "pytest", "-n", "2", "tests/service/trust", "-x"]]
    assert os.environ[command.DOCKER] == "1"


def test_without_the_docker_command_one_sentence_tells_what_to_do(
    replaced: Replaced, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="start the engine, or name it by DOCKER_HOST"):
        invoke("--docker")
    assert replaced == []


def test_engine_that_does_not_answer_is_told_in_dockers_own_words(
    replaced: Replaced, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n", "utf-8")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(StackError, match="Cannot connect to the Docker daemon"):
        invoke("--docker")
    assert replaced == []
