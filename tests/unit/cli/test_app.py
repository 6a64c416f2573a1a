import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build, command_names


@pytest.mark.parametrize("name", command_names())
def test_every_command_file_is_a_command_with_help(name: str) -> None:
    result = CliRunner().invoke(build([name]), [name, "--help"])
    assert result.exit_code == 0
    assert name in result.output


def test_help_lists_every_command() -> None:
    output = CliRunner().invoke(build([]), ["--help"]).output
    assert all(name in output for name in command_names())


def test_what_a_person_can_put_right_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "cli", "logs", "nothing", "--state", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr.startswith("carpass: There is no log of nothing")
    assert len(result.stderr.splitlines()) == 1


def test_status_imports_no_database_driver_and_no_web_framework() -> None:
    code = (
        "import sys; from cli.app import build; build(['status']);"
        "print(sorted({'asyncpg', 'sqlalchemy', 'fastapi', 'aiokafka', 'cryptography'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"
