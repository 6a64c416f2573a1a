"""What a command says when a server is not there, or takes the connection and never answers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis import pool
from chassis.kafka import KafkaConnection
from cli.errors import StackError
from cli.operations.cluster import reach
from cli.stack.plan import SERVICES
from tests.service.cli.conftest import Invoke


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """Somebody listens and never says a word."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for writer in held:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


def name_databases(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for service in SERVICES:
        monkeypatch.setenv(f"CARPASS_{service.upper()}_DATABASE_URL", f"postgresql://x:y@127.0.0.1:{port}/{service}")


@pytest.mark.parametrize("command", [("lag",), ("topics", "plan"), ("topics", "apply")], ids=" ".join)
async def test_kafka_that_is_not_there_is_told_in_one_sentence(
    carpass: Invoke, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", f"127.0.0.1:{unused_tcp_port}")
    result = await carpass(*command)
    assert result.exit_code == 1
    assert isinstance(result.exception, StackError)
    assert f"Kafka at 127.0.0.1:{unused_tcp_port} does not answer" in str(result.exception)
    assert result.output == ""


async def test_kafka_that_never_answers_is_given_up(silent_port: int) -> None:
    kafka = KafkaConnection(f"127.0.0.1:{silent_port}")
    with pytest.raises(StackError, match="does not answer"):
        async with asyncio.timeout(60), reach(kafka, answer_deadline=0.3):
            pass


@pytest.mark.parametrize(
    "arguments", [("list",), ("show", "owners.car", "0", "1"), ("replay", "--all")], ids=lambda one: one[0]
)
async def test_database_that_is_not_there_is_told_in_one_sentence(
    carpass: Invoke, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    name_databases(monkeypatch, unused_tcp_port)
    result = await carpass("dlt", *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, StackError)
    assert "The database of owners does not answer" in str(result.exception)


async def test_database_that_never_answers_is_given_up(
    carpass: Invoke, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    monkeypatch.setattr(pool, "_CONNECT_DEADLINE", 0.3)
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    name_databases(monkeypatch, silent_port)
    result = await asyncio.wait_for(carpass("dlt", "list"), 60)
    assert isinstance(result.exception, StackError)
    assert "does not answer (TimeoutError" in str(result.exception)


async def test_database_without_our_tables_is_told(
    carpass: Invoke, monkeypatch: pytest.MonkeyPatch, postgres_admin_url: str
) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    for service in SERVICES:
        monkeypatch.setenv(f"CARPASS_{service.upper()}_DATABASE_URL", postgres_admin_url)
    result = await carpass("dlt", "list")
    assert isinstance(result.exception, StackError)
    assert "cannot be read" in str(result.exception)
    assert "dead_letter" in str(result.exception)
