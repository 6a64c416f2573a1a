"""The whole local stack, for `up`, the demo and the end-to-end tests."""

import os
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from chassis.provision import ServiceDatabase
from cli.errors import StackError
from cli.faults.proxy import TcpProxy
from cli.part import Part
from cli.ports import require_free
from cli.stack import fork_server
from cli.stack.fork_server import PRELOADED, ForkServer
from cli.stack.leftovers import end_recorded_parts
from cli.stack.parallel import in_parallel
from cli.stack.parts import Parts
from cli.stack.plan import GATEWAY, SERVICES, EnvironmentOverrides, Plan
from cli.stack.proxies import Proxies
from cli.stack.reporting import Progress, Report, silent
from cli.stack.secrets import Secrets
from cli.stack.servers import Servers
from cli.stack.service_part import ServicePart
from cli.stack.state import StackDescription, StateDir
from cli.stack.supervisor import Supervisor

DEFAULT_DEADLINE = 180.0
TICK = 0.2


class Stack:
    """PostgreSQL, Kafka, the double of the Bot API, all services and the gateway, on one state folder.

    `split` runs each role of a service as a process of its own. `gateway_port` None chooses a free port
    and remembers it. `proxied` has the services reach Kafka, PostgreSQL and the Bot API through `proxies`;
    what this object tells are the direct ways. `postgres_per_service` starts a PostgreSQL for each service,
    the part `owners-postgres` and so on. `environment` adds or overrides variables by the name of a part
    (`trust-worker`), of a service (`trust`), or `*`. A given `CARPASS_POSTGRES_URL` or `CARPASS_KAFKA_BOOTSTRAP`
    is used in place of the embedded server.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        gateway_port: int | None = None,
        split: bool = False,
        proxied: bool = False,
        postgres_per_service: bool = False,
        environment: EnvironmentOverrides | None = None,
        report: Report = silent,
        deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        self.state = StateDir(state_dir)
        self._gateway_port = gateway_port
        self._split = split
        self._proxied = proxied
        self._postgres_per_service = postgres_per_service
        self._overrides = environment or {}
        self._report = report
        self._deadline = deadline
        self._parts = Parts(report)
        self._supervisor: Supervisor | None = None
        self._plan: Plan | None = None
        self._watcher: threading.Thread | None = None
        self._unwatched = threading.Event()
        self._changing = threading.RLock()
        self._fork_server: ForkServer | None = None
        self._lock = ExitStack()
        self._servers: Servers | None = None
        self._proxies = Proxies(self.state)

    @property
    def plan(self) -> Plan:
        """Addresses, secrets and databases of the started stack."""
        if self._plan is None:
            raise StackError("The stack has not been started.")
        return self._plan

    @property
    def gateway_url(self) -> str:
        """Where the API answers."""
        return self.plan.gateway_url

    @property
    def telegram_url(self) -> str:
        """Where the double of the Bot API and its page of chats answer."""
        return self.plan.telegram_url

    @property
    def secrets(self) -> Secrets:
        """The tokens and keys that the parts were given."""
        return self.plan.secrets

    @property
    def databases(self) -> dict[str, ServiceDatabase]:
        """The services' databases, with the URLs of their roles."""
        return dict(self._started_servers.databases)

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port` of the broker."""
        return self._started_servers.kafka_bootstrap

    @property
    def proxies(self) -> dict[str, TcpProxy]:
        """By the name of the part behind it: `kafka`, `telegram`, and `postgres` or `owners-postgres` and so on."""
        return self._proxies.by_name

    def postgres_part(self, service: str) -> str:
        """The name of the part that holds this service's database."""
        return self._started_servers.postgres_part(service)

    def superuser_url(self, service: str) -> str:
        """For the service's database as a superuser, who sees every row of every table."""
        server, _, _ = self._started_servers.superuser_url(service).rpartition("/")
        return f"{server}/{self.databases[service].name}"

    @property
    def part_names(self) -> list[str]:
        """Every part that this stack started, in the order of starting."""
        return list(self._parts.by_name)

    def process(self, name: str) -> Part:
        """The part of that name; KeyError when there is none."""
        return self._parts.by_name[name]

    def start(self, *, fresh: bool = False) -> None:
        """Start everything and return when all is ready; StackError otherwise, with nothing left running."""
        self._lock.enter_context(self.state.locked())
        try:
            self.state.write_supervisor()
            self._start(fresh=fresh)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything in order; the data stay for the next start."""
        self._unwatched.set()
        if self._watcher:
            self._watcher.join()
            self._watcher = None
        self._parts.stop_all()
        self._parts = Parts(self._report)
        if self._fork_server:
            self._fork_server.close()
            self._fork_server = None
        self._proxies.stop()
        self.state.forget_running()
        self._lock.close()

    def kill(self, name: str) -> None:
        """SIGKILL one part, and leave it ended until `restart`."""
        with self._changing:
            self._watching.hold(name)
            self.process(name).kill()

    def crash(self, name: str) -> None:
        """SIGKILL one part, and leave the rest to whoever watches."""
        with self._changing:
            self.process(name).kill()

    def end(self, *names: str) -> None:
        """End these parts in order, all at once, and leave them ended until `restart`."""
        with self._changing:
            for name in names:
                self._watching.hold(name)
            in_parallel([self.process(name).stop for name in names])

    def restart(self, *names: str, deadline: float = 60.0) -> None:
        """End these parts in order if they run, start them again and wait until they are ready, all at once."""
        with self._changing:
            for name in names:
                self._watching.hold(name)
            in_parallel([partial(_restart, self.process(name), deadline) for name in names])
            for name in names:
                self._watching.release(name)

    def tick(self) -> None:
        """Start again what ended by itself; call it every now and then, or have `watch` do it."""
        with self._changing:
            self._watching.tick()

    def watch(self) -> None:
        """Start again what ends by itself, in a thread, until `stop`."""
        self._unwatched.clear()
        self._watcher = threading.Thread(target=self._watch, name="carpass-supervisor", daemon=True)
        self._watcher.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _started_servers(self) -> Servers:
        if self._servers is None:
            raise StackError("The stack has not been started.")
        return self._servers

    @property
    def _watching(self) -> Supervisor:
        if self._supervisor is None:
            raise StackError("The stack has not been started.")
        return self._supervisor

    def _watch(self) -> None:
        while not self._unwatched.wait(TICK):
            self.tick()

    def _start(self, *, fresh: bool) -> None:
        left = end_recorded_parts(self.state, silent)
        if left:
            self._report(Progress("stack", "cleared", detail=f"{left} processes that an earlier run left"))
        if self._gateway_port:
            require_free(self._gateway_port, "the gateway", "end it, or choose another with --port.")
        if fresh:
            _refuse_to_clear_given_servers()
            self.state.remove()
        self.state.create()
        secrets = Secrets.load_or_make(self.state.root / "secrets", SERVICES)
        self._servers = servers = Servers(
            self.state, self._parts, proxied=self._proxied, postgres_per_service=self._postgres_per_service
        )
        servers.fetch()
        if fork_server.available():
            # Three processes of notifier import the bot framework, which is as heavy as all the rest.
            preloaded = (*PRELOADED, "aiogram") if self._split else PRELOADED
            self._fork_server = ForkServer(self.state.log("fork-server"), preloaded)
        until = time.monotonic() + self._deadline
        servers.start(secrets.passwords, until)
        self._plan = Plan(
            state=self.state,
            secrets=secrets,
            databases=servers.databases,
            kafka_bootstrap=servers.kafka_bootstrap,
            gateway_port=self._gateway_port or self.state.port(GATEWAY),
            split=self._split,
            overrides=self._overrides,
            fork_server=self._fork_server,
        )
        if self._proxied:
            self._plan = self._proxies.stand_before(servers, self._plan)
        self._start_services(self._plan, until)
        self._supervisor = Supervisor(self._parts.by_name, self._report)

    def _start_services(self, plan: Plan, until: float) -> None:
        services = plan.parts()
        for part in services:
            self._parts.add(part.name, part)
        readiness = {
            name: part.readiness_url if isinstance(part, ServicePart) else None
            for name, part in self._parts.by_name.items()
        }
        self.state.write_description(
            StackDescription(plan.gateway_url, plan.telegram_url, readiness, self._postgres_per_service)
        )
        in_parallel([partial(self._parts.start, part.name, until) for part in services])


def _restart(part: Part, deadline: float) -> None:
    part.stop()
    part.start(deadline)


def _refuse_to_clear_given_servers() -> None:
    for variable in ("CARPASS_POSTGRES_URL", "CARPASS_KAFKA_BOOTSTRAP"):
        if os.environ.get(variable):
            raise StackError(
                f"A fresh start never clears a server of yours; unset {variable}, or clear that server yourself."
            )
