"""PostgreSQL and Kafka of one run of `carpass test --docker`: containers of docker-compose.yml's images."""

import os
import secrets
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import ExecWaitStrategy

from cli.embedded.postgres import FAST_AND_UNSAFE
from cli.ports import choose_port

_COMPOSE_FILE = Path(__file__).parents[2] / "docker-compose.yml"
_RUN = "carpass.test-run"
_POSTGRES_PORT = 5432
_KAFKA_PORT = 9092
_REMOVING = 180.0
_POSTGRES_SETTINGS = FAST_AND_UNSAFE | {"max_connections": "400"}
_KAFKA_SETTINGS = {
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
    "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    "KAFKA_NUM_PARTITIONS": "3",
}

# What is left over is removed by the run itself, or by its reaper: no container of testcontainers' own is needed.
testcontainers_config.ryuk_disabled = True


class PostgresContainer:
    """One server for every worker of the run; its URL lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._remembered = folder / "url"

    @property
    def superuser_url(self) -> str:
        """The connection URL of the superuser, on the database `postgres`."""
        return self._remembered.read_text("utf-8")

    def start(self, deadline: float) -> None:
        """Do nothing when a worker of the run has started it."""
        if self._remembered.exists():
            return
        password = secrets.token_urlsafe(24)
        options = [word for setting in _POSTGRES_SETTINGS.items() for word in ("-c", "=".join(setting))]
        # By TCP: the image's first start, which only prepares the data, listens on a socket.
        ready = ["pg_isready", "-h", "127.0.0.1", "-U", "postgres"]
        container = _container("owners-db", self._remembered.parent, command=["postgres", *options])
        address = _publish(container, _POSTGRES_PORT)
        _start(container.with_env("POSTGRES_PASSWORD", password), ready, deadline)
        _remember(self._remembered, f"postgresql://postgres:{password}@{address}/postgres")

    def kill(self) -> None:
        """Remove it with its data."""
        _remove(self._remembered.parent)


class KafkaContainer:
    """One broker for every worker of the run; its address lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._remembered = folder / "bootstrap"

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return self._remembered.read_text("utf-8")

    def start(self, deadline: float) -> None:
        """Do nothing when a worker of the run has started it."""
        if self._remembered.exists():
            return
        container = _container("kafka", self._remembered.parent)
        address = _publish(container, _KAFKA_PORT)
        environment = _described("kafka")["environment"] | _KAFKA_SETTINGS
        environment["KAFKA_ADVERTISED_LISTENERS"] = f"PLAINTEXT://{address}"
        _start(container.with_envs(**environment), ["bash", "-c", f"</dev/tcp/127.0.0.1/{_KAFKA_PORT}"], deadline)
        _remember(self._remembered, address)

    def kill(self) -> None:
        """Remove it with its data."""
        _remove(self._remembered.parent)


def _container(service: str, folder: Path, **options: Any) -> DockerContainer:
    folder.mkdir(exist_ok=True)
    container = DockerContainer(_described(service)["image"], **options)
    return container.with_kwargs(labels={_RUN: _label(folder)})


def _publish(container: DockerContainer, port: int) -> str:
    """Where clients will reach the port; known before the start, because Kafka tells it to them."""
    host, published = container.get_docker_client().host(), choose_port()
    if host != "localhost":
        container.with_bind_ports(port, published)
        return f"{host}:{published}"
    container.ports[str(port)] = ("127.0.0.1", published)  # type: ignore[assignment]  # for nobody else: a word it lacks
    return f"127.0.0.1:{published}"


def _start(container: DockerContainer, ready: list[str], deadline: float) -> None:
    container.waiting_for(ExecWaitStrategy(ready).with_startup_timeout(int(deadline))).start()
    container.get_docker_client().client.close()


def _label(folder: Path) -> str:
    """Names the server of this run, and no other's."""
    return f"{folder.parent.name}/{folder.name}"


@cache
def _described(service: str) -> Mapping[str, Any]:
    described: Mapping[str, Any] = yaml.safe_load(_COMPOSE_FILE.read_text("utf-8"))["services"][service]
    return described


def _remember(file: Path, text: str) -> None:
    """Whole or not at all: other workers read it."""
    written = file.with_suffix(f".{os.getpid()}")
    written.write_text(text, "utf-8")
    written.replace(file)


def remove_installation(project: str) -> None:
    """Remove the containers, networks and volumes of a run's `docker compose up`."""
    command = ["docker", "compose", "--project-name", project, "down", "--volumes"]
    subprocess.run(command, cwd=_COMPOSE_FILE.parent, capture_output=True, timeout=_REMOVING, check=True)


def _remove(folder: Path) -> None:
    if not folder.exists():
        return
    client = DockerClient().client
    for container in client.containers.list(all=True, filters={"label": f"{_RUN}={_label(folder)}"}):
        container.remove(force=True, v=True)
    client.close()
