from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build
from cli.errors import StackError

RUNNER = CliRunner()


def run(*arguments: str) -> str:
    result = RUNNER.invoke(build(["soak"]), ["soak", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_plan_is_printed_without_starting_anything() -> None:
    lines = run("--plan", "--orders", "500", "--faults", "12", "--seed", "4").splitlines()
    assert len(lines) == 12
    assert lines == run("--plan", "--orders", "500", "--faults", "12", "--seed", "4").splitlines()
    assert all("after" in line and "orders:" in line for line in lines)


def test_help_has_examples() -> None:
    assert "./carpass soak --orders 300 --faults 10" in run("--help")


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StackError, match="not empty"):
        run("--state", str(tmp_path))
    assert (tmp_path / "data").exists()
