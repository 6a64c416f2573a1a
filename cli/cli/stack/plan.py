"""Which processes make up the stack, and what each is told through its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.provision import ServiceDatabase
from cli.stack.fork_server import ForkServer
from cli.stack.secrets import Secrets
from cli.stack.service_part import ServicePart
from cli.stack.state import StateDir

SERVICES = ("owners", "sto", "workorders", "trust", "notifier")
ROLES = ("api", "worker", "relay")
BOT_USERNAME = "carpass_bot"
TELEGRAM = "telegram"
GATEWAY = "gateway"
PARTITIONS = 3
EVERY_PART = "*"
SAMPLING = "CARPASS_TRACE_SAMPLE_RATIO"
"""1 on the local stack: whoever tries something finds each request in the logs, by its trace id."""

type EnvironmentOverrides = Mapping[str, Mapping[str, str]]
"""Variables by the name of a part (`trust-worker`), of a service (`trust`), or `*` for every part."""


def part_names(*, split: bool) -> list[str]:
    """The Python processes in the order of starting; `split` gives each role of a service a process of its own."""
    services = [f"{service}-{role}" for service in SERVICES for role in ROLES] if split else list(SERVICES)
    return [TELEGRAM, *services, GATEWAY]


@dataclass(frozen=True)
class Plan:
    """Everything that the environment of the parts is made from; the addresses are those that they reach."""

    state: StateDir
    secrets: Secrets
    databases: Mapping[str, ServiceDatabase]
    kafka_bootstrap: str
    gateway_port: int
    split: bool
    overrides: EnvironmentOverrides
    fork_server: ForkServer | None = None
    telegram_proxy_url: str | None = None
    """Where the bot reaches the double of the Bot API, when a proxy stands before it."""

    def parts(self) -> list[ServicePart]:
        """One object a process, none started."""
        return [self._telegram(), *self._services(), self._gateway()]

    @property
    def telegram_url(self) -> str:
        """Where the double of the Bot API and its page answer."""
        return f"http://127.0.0.1:{self.state.port(TELEGRAM)}"

    @property
    def gateway_url(self) -> str:
        """Where clients of the stack connect to."""
        return f"http://127.0.0.1:{self.gateway_port}"

    def _api_url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.state.port(f'{service}-api' if self.split else service)}"

    @property
    def _jwks_url(self) -> str:
        return f"{self._api_url('owners')}/.well-known/jwks.json"

    def _telegram(self) -> ServicePart:
        chats = str(self.state.root / TELEGRAM)
        port = self.state.port(TELEGRAM)
        arguments = ["telegram_double", "--port", str(port), "--username", BOT_USERNAME, "--state", chats]
        environment = {"CARPASS_TELEGRAM_BOT_TOKEN": self.secrets.bot_token}
        return self._part(TELEGRAM, arguments, port, environment, service=TELEGRAM, ready_path="/")

    def _services(self) -> list[ServicePart]:
        return [self._service(service, role) for service in SERVICES for role in (ROLES if self.split else ("all",))]

    def _service(self, service: str, role: str) -> ServicePart:
        name = f"{service}-{role}" if self.split else service
        port = self.state.port(name)
        database = self.databases[service]
        environment = {
            "CARPASS_DATABASE_API_URL": database.api_url,
            "CARPASS_DATABASE_WORKER_URL": database.worker_url,
            "CARPASS_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "CARPASS_KAFKA_PARTITIONS": str(PARTITIONS),
            "CARPASS_HTTP_HOST": "127.0.0.1",
            "CARPASS_HTTP_PORT": str(port),
            "CARPASS_JWKS_URL": self._jwks_url,
            "CARPASS_STATE_DIR": str(self.state.root / "services" / service),
            **self._own_settings(service),
        }
        return self._part(name, [service, role], port, environment, service=service)

    def _own_settings(self, service: str) -> dict[str, str]:
        match service:
            case "owners":
                return {
                    "CARPASS_TELEGRAM_BOT_TOKEN": self.secrets.bot_token,
                    "CARPASS_TELEGRAM_PUBLIC_KEY": self.secrets.telegram_public_key,
                    "CARPASS_SIGNING_KEYS_DIR": str(self.secrets.signing_keys_dir),
                    "CARPASS_NOTIFIER_CREDENTIAL": self.secrets.notifier_credential,
                }
            case "notifier":
                return {
                    "CARPASS_TELEGRAM_BOT_TOKEN": self.secrets.bot_token,
                    "CARPASS_TELEGRAM_BOT_USERNAME": BOT_USERNAME,
                    "CARPASS_TELEGRAM_API_URL": self.telegram_proxy_url or self.telegram_url,
                    "CARPASS_TELEGRAM_MODE": "polling",
                    "CARPASS_TELEGRAM_WEBHOOK_SECRET": self.secrets.webhook_secret,
                    "CARPASS_GATEWAY_URL": self.gateway_url,
                    "CARPASS_NOTIFIER_CREDENTIAL": self.secrets.notifier_credential,
                }
            case "trust":
                return {
                    "CARPASS_AUDIT_SIGNING_KEY_FILE": str(self.secrets.audit_signing_key_file),
                    "CARPASS_AUDIT_CHECKPOINT_DIR": str(self.state.root / "audit-checkpoints"),
                }
            case _:
                return {}

    def _gateway(self) -> ServicePart:
        upstreams = {f"CARPASS_UPSTREAM_{service.upper()}_URL": self._api_url(service) for service in SERVICES}
        environment = upstreams | {
            "CARPASS_HTTP_HOST": "127.0.0.1",
            "CARPASS_HTTP_PORT": str(self.gateway_port),
            "CARPASS_JWKS_URL": self._jwks_url,
            "CARPASS_STATE_DIR": str(self.state.root / "services" / GATEWAY),
            "CARPASS_DOCS_ENABLED": "true",
        }
        return self._part(GATEWAY, [GATEWAY], self.gateway_port, environment, service=GATEWAY)

    def _part(
        self,
        name: str,
        arguments: list[str],
        port: int,
        environment: dict[str, str],
        *,
        service: str,
        ready_path: str = "/readyz",
    ) -> ServicePart:
        overridden = {SAMPLING: os.environ.get(SAMPLING, "1")} | environment
        for key in (EVERY_PART, service, name):
            overridden |= self.overrides.get(key, {})
        return ServicePart(
            name,
            arguments,
            port=port,
            ready_path=ready_path,
            environment=overridden,
            log=self.state.log(name),
            record=self.state.record(name),
            fork_server=self.fork_server,
        )
