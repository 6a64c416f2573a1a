from typing import Any

from tests.containers.installation import Installation


def missing(effects: list[dict[str, Any]]) -> list[str]:
    return [f"{effect['name']} in {effect['service']}" for effect in effects if effect["seconds"] is None]


def members(installation: Installation, group: str) -> int:
    (found,) = installation.operate("lag", "--group", group)["groups"]
    count: int = found["members"]
    return count


def test_demo_works_with_three_workers_of_owners(installation: Installation) -> None:
    installation.up("--scale", "owners-worker=3", "--no-recreate")
    assert members(installation, "owners") == 3
    assert missing(installation.demo()) == []
    assert installation.operate("effects", "--order")["whole"]


def test_second_start_resumes_the_data(installation: Installation) -> None:
    assert missing(installation.demo()) == []
    completed = installation.operate("effects")["completed_orders"]
    installation.down()
    installation.up()
    assert installation.operate("effects")["completed_orders"] == completed
    assert missing(installation.demo()) == []


def test_operations_reach_the_whole_installation(installation: Installation) -> None:
    assert installation.operate("dlt", "list")["letters"] == []
    assert installation.operate("topics", "plan")["in_line"]


def test_signing_key_is_rotated_without_a_restart(installation: Installation) -> None:
    before = installation.containers()["owners-api"]["State"]["StartedAt"]
    rotated = installation.operate("tokens", "rotate-keys", "--delay", "90")
    assert rotated["added"]["kid"] != rotated["signing"]["kid"]
    assert missing(installation.demo()) == []
    assert installation.containers()["owners-api"]["State"]["StartedAt"] == before
