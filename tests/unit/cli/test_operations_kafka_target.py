from pathlib import Path

import pytest

from cli.errors import StackError
from cli.operations import installation
from cli.operations.kafka_target import databases_beside, find_kafka
from cli.stack.plan import SERVICES


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("BOOTSTRAP", "PARTITIONS", "REPLICATION", "USERNAME", "PASSWORD", "CA_FILE")
    for name in (*(f"KAFKA_{one}" for one in names), *(f"{service.upper()}_DATABASE_URL" for service in SERVICES)):
        monkeypatch.delenv(f"CARPASS_{name}", raising=False)


def test_named_kafka_is_taken_for_a_production_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "kafka-1:9092,kafka-2:9092")
    target = find_kafka(tmp_path)
    assert (target.partitions, target.replication) == (None, 3)
    assert target.connection.options() == {"bootstrap_servers": ["kafka-1:9092", "kafka-2:9092"]}


def test_settings_that_services_create_topics_with_count_here_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (("BOOTSTRAP", "kafka:9092"), ("PARTITIONS", "6"), ("REPLICATION", "1")):
        monkeypatch.setenv(f"CARPASS_KAFKA_{name}", value)
    target = find_kafka(tmp_path)
    assert (target.partitions, target.replication) == (6, 1)


def test_principal_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("BOOTSTRAP", "kafka:9092"), ("USERNAME", "operations"), ("PASSWORD", "secret")):
        monkeypatch.setenv(f"CARPASS_KAFKA_{name}", value)
    assert find_kafka(tmp_path).connection.username == "operations"
    assert "secret" not in repr(find_kafka(tmp_path))


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_number_that_is_none_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "kafka:9092")
    monkeypatch.setenv("CARPASS_KAFKA_REPLICATION", value)
    with pytest.raises(StackError, match="CARPASS_KAFKA_REPLICATION"):
        find_kafka(tmp_path)


def test_neither_a_named_kafka_nor_a_stack_is_told(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="No stack runs"):
        find_kafka(tmp_path)


def test_kafka_may_be_named_without_databases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "kafka:9092")
    assert databases_beside(tmp_path) == {}
    monkeypatch.setenv("CARPASS_TRUST_DATABASE_URL", "postgresql://trust@db/trust")
    with pytest.raises(StackError, match="CARPASS_OWNERS_DATABASE_URL"):
        databases_beside(tmp_path)


def test_in_a_container_settings_are_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation, "SECRETS", tmp_path)
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "kafka:9092")
    for service in SERVICES:
        (tmp_path / f"carpass_{service}_database_url").write_text(f"postgresql://{service}@db/{service}\n", "utf-8")
    monkeypatch.setenv("CARPASS_TRUST_DATABASE_URL", "postgresql://trust@replica/trust")
    databases = databases_beside(tmp_path)
    assert databases["owners"] == "postgresql://owners@db/owners"
    assert databases["trust"] == "postgresql://trust@replica/trust"
