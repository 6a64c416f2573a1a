import os
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from chassis.crash_points import crash_point
for name in ("before-commit", "after-commit", "after-commit"):
    crash_point(name)
    print(name, flush=True)
"""


def run(folder: Path | None) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "CARPASS_CRASH_POINTS"}
    if folder is not None:
        environment["CARPASS_CRASH_POINTS"] = str(folder)
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_process_ends_at_the_point_that_is_armed(tmp_path: Path) -> None:
    (tmp_path / "after-commit").write_text("SIGKILL\n")
    ended = run(tmp_path)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split() == ["before-commit"]


def test_a_point_is_armed_once(tmp_path: Path) -> None:
    (tmp_path / "after-commit").write_text("SIGCONT")
    assert run(tmp_path).stdout.split() == ["before-commit", "after-commit", "after-commit"]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_armed_without_the_setting(tmp_path: Path) -> None:
    (tmp_path / "after-commit").write_text("SIGKILL")
    ended = run(None)
    assert (ended.returncode, len(ended.stdout.split())) == (0, 3)
