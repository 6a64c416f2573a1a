"""`carpass demo` as somebody runs it who has just cloned the repository, and with a scenario of his own.

The launcher `./carpass` hands over to the command that is run here; its own tests are in tests/unit/cli, as are those
of the signals that end `up` and of ports that are taken.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.app import main
from cli.demo.scenario import SHIPPED, shipped
from cli.ports import is_free
from cli.stack.stack import Stack
from cli.stack.state import StateDir
from tests.e2e.playing import PATIENCE
from tests.e2e.test_main_job import EFFECTS

COMMAND = [sys.executable, "-P", "-m", "cli"]
PATIENT = ("--within", str(PATIENCE))
DEADLINE = 300

type Scenario = dict[str, Any]


def carpass(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=DEADLINE)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateDir]:
    """A folder that no stack has used."""
    state = StateDir(tmp_path / "state")
    yield state
    if state.root.exists():
        carpass("down", "--state", str(state.root))


def processes_of(state: StateDir) -> list[str]:
    """The command lines of everything that runs from this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                command = " ".join(process.cmdline())
                if str(state.root) in command or process.cwd().startswith(str(state.root)):
                    found.append(command)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def ports_of(state: StateDir) -> list[int]:
    files = [*(state.root / "ports").iterdir(), *state.root.glob("*/port"), *state.root.glob("*/*-port")]
    return [int(file.read_text()) for file in files]


def test_demo_alone_shows_every_effect_and_leaves_nothing_running(state: StateDir) -> None:
    result = carpass("demo", *PATIENT, "--state", str(state.root))
    assert result.returncode == 0, result.stdout + result.stderr
    effects = result.stdout.partition("What became of it")[2].splitlines()
    for service, name in EFFECTS:
        (line,) = [line for line in effects if f" {service} " in line and f" {name} " in line]
        assert "never" not in line
    assert processes_of(state) == []
    assert len(ports_of(state)) > len(EFFECTS) / 2
    assert [port for port in ports_of(state) if not is_free(port)] == []
    assert state.description() is None
    assert state.recorded_parts() == []
    with state.locked():
        pass


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Callable[[Scenario], object]], Path]:
    """A copy of the first shipped scenario after somebody's editing."""

    def edit(change: Callable[[Scenario], object]) -> Path:
        scenario = json.loads((SHIPPED / f"{shipped()[0]}.json").read_text("utf-8"))
        change(scenario)
        copy = tmp_path / "visit.json"
        copy.write_text(json.dumps(scenario, ensure_ascii=False), "utf-8")
        return copy

    return edit


def test_edited_scenario_is_performed(stack: Stack, edited: Callable[[Callable[[Scenario], object]], Path]) -> None:
    def change(scenario: Scenario) -> None:
        scenario["center"]["name"] = "Гараж на Лесной"
        scenario["customer"] = {"name": "Zoe Editor", "language": "en"}
        scenario["odometer"]["after"] = {"value": "116500", "unit": "mi"}
        rust = {
            "operation": "Inspect the sills for rust",
            "hours": "0.25",
            "rate": "1999.99",
            "next_service": {"months": 6},
        }
        scenario["jobs"].append({"title": "Rust", "labor": [rust]})

    result = carpass("demo", *PATIENT, "--scenario", str(edited(change)), "--state", str(stack.state.root), "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    effects = {(effect["service"], effect["name"]): effect for effect in json.loads(result.stdout)}
    assert set(effects) == EFFECTS
    assert "Inspect the sills for rust" in effects["trust", "recommendations"]["found"]
    assert effects["owners", "odometer reading"]["found"].startswith("116500 mi")


MISTAKES: dict[str, tuple[Callable[[Scenario], object], str]] = {
    "a field that is none": (lambda scenario: scenario.update(colour="red"), "colour: Extra inputs are not permitted"),
    "no jobs": (lambda scenario: scenario.update(jobs=[]), "jobs: List should have at least 1 item"),
    "nobody who may found a center": (
        lambda scenario: scenario.update(staff=scenario["staff"][1:]),
        "staff needs somebody with the role owner",
    ),
    "a mechanic from nowhere": (
        lambda scenario: scenario["jobs"][0]["labor"][0].update(mechanic="Nobody"),
        "Nobody is not among the staff",
    ),
    "a customer who wants nothing": (
        lambda scenario: [job.update(decision="decline") for job in scenario["jobs"]],
        "at least one job has to be authorised",
    ),
    "a unit that is none": (
        lambda scenario: scenario["odometer"]["after"].update(unit="leagues"),
        "odometer.after.unit: Input should be 'km' or 'mi'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_in_a_scenario_is_told_in_one_sentence_before_anything_starts(
    mistake: str, state: StateDir, edited: Callable[[Callable[[Scenario], object]], Path], told: Callable[..., str]
) -> None:
    change, said = MISTAKES[mistake]
    scenario = edited(change)
    sentence = told("demo", "--scenario", str(scenario), "--state", str(state.root))
    assert sentence.startswith(f"carpass: {scenario} is no scenario: ")
    assert said in sentence
    assert not state.root.exists()


def test_scenario_file_that_is_missing_or_no_json_is_told(tmp_path: Path, told: Callable[..., str]) -> None:
    (tmp_path / "broken.json").write_text("{")
    assert "is no scenario: the file: Invalid JSON" in told("demo", "--scenario", str(tmp_path / "broken.json"))
    missing = told("demo", "--scenario", str(tmp_path / "missing.json"))
    assert "cannot be read (No such file or directory)" in missing
    assert all(name in missing for name in shipped())


def test_what_the_api_refuses_in_a_scenario_is_told_with_its_reason(
    stack: Stack, edited: Callable[[Callable[[Scenario], object]], Path], told: Callable[..., str]
) -> None:
    scenario = edited(lambda scenario: scenario["car"].update(vin="1HGCM82633A004353"))
    sentence = told("demo", "--scenario", str(scenario), "--state", str(stack.state.root))
    assert sentence.startswith("carpass: POST /v1/cars was refused with 422: ")
    assert "check digit" in sentence


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that fails; the one sentence that it says."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["carpass", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        (sentence,) = capsys.readouterr().err.splitlines()
        return sentence

    return run
