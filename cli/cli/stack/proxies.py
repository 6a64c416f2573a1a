"""TCP proxies between the services and what they talk to, for whoever lets faults strike there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from chassis.provision import ServiceDatabase
from cli.faults.proxy import TcpProxy
from cli.stack.leftovers import KAFKA
from cli.stack.plan import TELEGRAM, Plan
from cli.stack.state import StateDir


class ProxiedServers(Protocol):
    """What the proxies need to know of the servers."""

    @property
    def proxy_targets(self) -> Mapping[str, tuple[str, int]]:
        """Host and port of each server, by the name of its part."""

    def postgres_part(self, service: str) -> str:
        """The name of the part that holds this service's database."""


class Proxies:
    """By the name of the part behind each of them."""

    def __init__(self, state: StateDir) -> None:
        self.by_name: dict[str, TcpProxy] = {}
        self._state = state

    def stand_before(self, servers: ProxiedServers, plan: Plan) -> Plan:
        """Start a proxy before each server and the Bot API; the same plan, with every way through them."""
        for name, target in servers.proxy_targets.items():
            self._start(name, target)
        self._start(TELEGRAM, ("127.0.0.1", self._state.port(TELEGRAM)))
        databases = {
            service: ServiceDatabase.at(
                f"postgresql://{self._address(servers.postgres_part(service))}",
                service,
                plan.secrets.passwords[service],
            )
            for service in plan.databases
        }
        return replace(
            plan,
            databases=databases,
            kafka_bootstrap=self._address(KAFKA),
            telegram_proxy_url=f"http://{self._address(TELEGRAM)}",
        )

    def stop(self) -> None:
        """Close them all."""
        for proxy in self.by_name.values():
            proxy.stop()
        self.by_name.clear()

    def _start(self, name: str, target: tuple[str, int]) -> None:
        proxy = TcpProxy(target, port=proxy_port(self._state, name))
        proxy.start()
        self.by_name[name] = proxy

    def _address(self, name: str) -> str:
        return f"127.0.0.1:{self.by_name[name].port}"


def proxy_port(state: StateDir, name: str) -> int:
    """The remembered port of the proxy before a part."""
    return state.port(f"{name}-proxy")
