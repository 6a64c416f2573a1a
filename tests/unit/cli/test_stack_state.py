import os
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

import pytest

from chassis.provision import ServiceDatabase
from cli.errors import StackError
from cli.stack.clusters import Clusters
from cli.stack.databases import needs_migration
from cli.stack.leftovers import stop_order
from cli.stack.plan import SAMPLING, SERVICES, Plan, part_names
from cli.stack.secrets import Secrets
from cli.stack.state import StackDescription, StateDir


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path / "state")


def test_each_part_keeps_a_port_of_its_own(state: StateDir) -> None:
    names = part_names(split=True)
    ports = [state.port(name) for name in names]
    assert len(set(ports)) == len(names)
    assert [StateDir(state.root).port(name) for name in names] == ports


def test_a_second_stack_on_the_same_folder_is_refused(state: StateDir) -> None:
    with state.locked(), pytest.raises(StackError, match="already running"), StateDir(state.root).locked():
        pytest.fail("the folder was locked twice")


def test_a_full_disk_is_told_before_anything_starts(state: StateDir, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(free=100 * 1024**2))
    with pytest.raises(StackError, match="Only 100 MB are free"):
        state.create()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="cannot be made"):
        StateDir(tmp_path / "file").create()


def test_a_fresh_start_removes_everything_but_the_lock(state: StateDir) -> None:
    with state.locked():
        state.create()
        state.port("owners")
        state.remove()
        assert [path.name for path in state.root.iterdir()] == ["lock"]


def test_the_description_of_a_stack_is_read_as_it_was_written(state: StateDir) -> None:
    state.create()
    description = StackDescription("http://a", "http://b", {"postgres": None, "owners": "http://c/readyz"})
    state.write_description(description)
    assert state.description() == description
    state.forget_running()
    assert state.description() is None


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    made = Secrets.load_or_make(tmp_path / "secrets", SERVICES)
    assert Secrets.load_or_make(tmp_path / "secrets", SERVICES) == made
    files = [path for path in (tmp_path / "secrets").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_no_secret_shows_in_a_repr(tmp_path: Path) -> None:
    made = Secrets.load_or_make(tmp_path / "secrets", SERVICES)
    assert made.bot_token not in repr(made)
    assert made.passwords["owners"].api not in repr(made.passwords)


def test_interrupted_making_of_secrets_starts_over(tmp_path: Path) -> None:
    made = Secrets.load_or_make(tmp_path, SERVICES)
    (tmp_path / "secrets.json").unlink()
    assert Secrets.load_or_make(tmp_path, SERVICES).bot_token != made.bot_token


def test_the_door_ends_first_and_the_database_last() -> None:
    names = ["postgres", "kafka", *part_names(split=False)]
    assert stop_order(names) == [["gateway"], sorted(SERVICES), ["telegram"], ["kafka"], ["postgres"]]


def test_a_server_for_each_service_ends_as_the_only_one_does(state: StateDir) -> None:
    servers = Clusters(state, per_service=True)
    parts = [servers.part(service) for service in SERVICES]
    assert stop_order(["owners", *parts, "kafka"]) == [["owners"], ["kafka"], sorted(parts)]
    assert len({servers.by_part[part].state_dir for part in parts}) == len(SERVICES)


def _plan(state: StateDir, *, split: bool = False, overrides: dict[str, dict[str, str]] | None = None) -> Plan:
    secrets = Secrets.load_or_make(state.root / "secrets", SERVICES)
    databases = {
        service: ServiceDatabase.at("postgresql://x@127.0.0.1:1/postgres", service, secrets.passwords[service])
        for service in SERVICES
    }
    return Plan(state, secrets, databases, "127.0.0.1:2", 8080, split, overrides or {})


def _environments(plan: Plan) -> dict[str, dict[str, str]]:
    return {part.name: part._environment() for part in plan.parts()}


def test_no_running_part_is_given_a_database_owner(state: StateDir) -> None:
    given = str(_environments(_plan(state)))
    assert "trust_worker:" in given
    assert "trust_owner:" not in given


def test_each_secret_reaches_only_the_parts_that_need_it(state: StateDir) -> None:
    plan = _plan(state)
    holders = {
        secret: {name for name, variables in _environments(plan).items() if secret in variables.values()}
        for secret in (plan.secrets.bot_token, plan.secrets.notifier_credential)
    }
    assert holders[plan.secrets.bot_token] == {"owners", "notifier", "telegram"}
    assert holders[plan.secrets.notifier_credential] == {"owners", "notifier"}


def test_the_gateway_knows_the_api_of_every_service(state: StateDir) -> None:
    plan = _plan(state, split=True)
    apis = {part.name: part.url for part in plan.parts()}
    gateway = _environments(plan)["gateway"]
    for service in SERVICES:
        assert gateway[f"CARPASS_UPSTREAM_{service.upper()}_URL"] == apis[f"{service}-api"]


def test_overrides_reach_the_part_the_service_or_everybody(state: StateDir) -> None:
    overrides = {"*": {"A": "all"}, "trust": {"A": "service", "B": "service"}, "trust-worker": {"B": "part"}}
    given = _environments(_plan(state, split=True, overrides=overrides))
    assert given["gateway"]["A"] == "all"
    assert (given["trust-api"]["A"], given["trust-api"]["B"]) == ("service", "service")
    assert given["trust-worker"]["B"] == "part"


def test_settings_of_the_tests_do_not_reach_a_part(state: StateDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CARPASS_TEST_POSTGRES_URL", "postgresql://superuser")
    assert "CARPASS_TEST_POSTGRES_URL" not in _environments(_plan(state))["owners"]


@pytest.fixture
def revisions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text('revision = "0001"\ndown_revision = None\n')
    (folder / "0002_second.py").write_text('revision: str = "0002"\ndown_revision: str | None = "0001"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("revision", "needed"),
    [(None, True), ("0001", True), ("0002", False), ("from_a_newer_checkout", False)],
)
def test_a_database_is_migrated_only_when_it_lacks_a_revision(
    revisions: Path, revision: str | None, needed: bool
) -> None:
    assert needs_migration(revisions, revision) is needed


def test_every_request_is_traced_and_so_logged_unless_somebody_says_otherwise(
    state: StateDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ratios() -> set[str]:
        return {environment[SAMPLING] for environment in _environments(_plan(state)).values()}

    monkeypatch.delenv(SAMPLING, raising=False)
    assert ratios() == {"1"}
    monkeypatch.setenv(SAMPLING, "0.25")
    assert ratios() == {"0.25"}
