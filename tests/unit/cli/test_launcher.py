import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
TOOLS = ("bash", "dirname", "readlink", "cat", "cksum", "mkdir", "df", "awk", "flock", "cp", "chmod", "env", "rm")

# Stands in for a Python with venv and pip, and for what they install; it writes down what it was asked for.
FAKE_PYTHON = """#!/usr/bin/env bash
case "$1 $2" in
  "-c import"*) echo {minor} ;;
  "-m venv") mkdir -p "${{@: -1}}/bin" && cp "$0" "${{@: -1}}/bin/python" ;;
  "-m pip")
    {pip}
    cat >"${{0%/*}}/uv" <<'UV'
#!/usr/bin/env bash
if [[ $1 == --version ]]; then echo "uv 0.13.9 (fake)"; else echo sync >>"$CALLS"; {sync}; fi
UV
    chmod +x "${{0%/*}}/uv" ;;
  "-P -m") echo "python 3.{minor} runs ${{*:3}}" ;;
esac
"""
SHIM = "#!/usr/bin/env bash\necho 'pyenv: python3.14: command not found' >&2\nexit 127\n"


class Machine:
    """A clone on a machine that has nothing but what a test puts on it."""

    def __init__(self, root: Path) -> None:
        self.clone = root / "clone"
        self.bin = root / "bin"
        self.home = root / "home"
        self.calls = root / "calls"
        for folder in (self.clone / "cli", self.clone / "services" / "owners", self.bin, self.home):
            folder.mkdir(parents=True)
        shutil.copy(REPOSITORY / "carpass", self.clone)
        for file in ("uv.lock", "pyproject.toml", "cli/pyproject.toml", "services/owners/pyproject.toml"):
            (self.clone / file).write_text(f"# {file}\n")
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)

    def add_python(self, path: str, minor: int, *, pip: str = ":", sync: str = ":") -> Path:
        return self.add_program(path, FAKE_PYTHON.format(minor=minor, pip=pip, sync=sync))

    def add_program(self, path: str, text: str) -> Path:
        file = self.bin.parent / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        return file

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.home), "CALLS": str(self.calls), **variables}
        return subprocess.run(
            [self.clone / "carpass", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def syncs(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_newest_python_that_really_runs_is_used_and_a_shim_is_not(machine: Machine) -> None:
    machine.add_program("bin/python3.14", SHIM)
    machine.add_python("bin/python3.12", 12)
    machine.add_python("bin/python3.13", 13)
    result = machine.run("status", "--json")
    assert (result.returncode, result.stdout) == (0, "python 3.13 runs cli status --json\n")


def test_a_python_of_pyenv_is_found_though_none_is_on_the_path(machine: Machine) -> None:
    machine.add_program("bin/python3.13", SHIM)
    machine.add_python("home/.pyenv/versions/3.13.4/bin/python3", 13)
    assert machine.run("up").stdout == "python 3.13 runs cli up\n"


def test_an_unnumbered_python_does_when_it_is_new_enough(machine: Machine) -> None:
    machine.add_python("bin/python3", 12)
    assert machine.run("up").stdout == "python 3.12 runs cli up\n"


def test_without_a_python_one_sentence_says_what_to_do(machine: Machine) -> None:
    machine.add_python("bin/python3", 11, pip="exit 1")
    result = machine.run("up")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("carpass: No working Python 3.12 or newer")


def test_the_given_python_is_used_though_a_newer_one_is_there(machine: Machine) -> None:
    machine.add_python("bin/python3.14", 14)
    given = machine.add_python("own/python", 12)
    assert machine.run("up", CARPASS_PYTHON=str(given)).stdout == "python 3.12 runs cli up\n"


def test_a_given_python_that_is_too_old_is_told(machine: Machine) -> None:
    machine.add_python("bin/python3.14", 14)
    given = machine.add_python("own/python", 11)
    result = machine.run("up", CARPASS_PYTHON=str(given))
    assert result.returncode == 1
    assert f"CARPASS_PYTHON is {given}, which is no working Python" in result.stderr


def test_a_second_run_installs_nothing(machine: Machine) -> None:
    machine.add_python("bin/python3.13", 13)
    machine.run("up")
    second = machine.run("up")
    assert (machine.syncs(), second.stderr) == (1, "")


@pytest.mark.parametrize("changed", ["uv.lock", "pyproject.toml", "services/owners/pyproject.toml"])
def test_a_changed_dependency_is_installed_at_the_next_run(machine: Machine, changed: str) -> None:
    machine.add_python("bin/python3.13", 13)
    machine.run("up")
    (machine.clone / changed).write_text("# changed\n")
    machine.run("up")
    assert machine.syncs() == 2


def test_without_a_network_one_sentence_says_so_and_the_next_run_tries_again(machine: Machine) -> None:
    machine.add_python("bin/python3.13", 13, sync="exit 2")
    result = machine.run("up")
    assert result.returncode == 1
    assert "check the network" in result.stderr.splitlines()[-1]
    machine.run("up")
    assert machine.syncs() == 2


def test_a_full_disk_is_told_before_anything_is_installed(machine: Machine) -> None:
    machine.add_python("bin/python3.13", 13)
    machine.add_program("bin/df", "#!/usr/bin/env bash\nprintf 'Filesystem\\n/dev/x 100 90 10 90%% /\\n'\n")
    result = machine.run("up")
    assert result.returncode == 1
    assert "Only 10 MB are free" in result.stderr
    assert not (machine.clone / ".venv").exists()


def test_the_launcher_runs_from_any_folder_and_through_a_link(machine: Machine, tmp_path: Path) -> None:
    machine.add_python("bin/python3.13", 13)
    link = tmp_path / "linked"
    link.symlink_to(machine.clone / "carpass")
    environment = {"PATH": str(machine.bin), "HOME": str(machine.home), "CALLS": os.devnull}
    result = subprocess.run(
        [link, "up"], env=environment, capture_output=True, text=True, check=True, cwd="/", timeout=60
    )
    assert result.stdout == "python 3.13 runs cli up\n"
    assert (machine.clone / ".venv").is_dir()
