"""Configuration: environment variables CARPASS_NAME, or files /run/secrets/carpass_name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.kafka import KafkaConnection

_SECRETS = Path("/run/secrets")

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class SettingMissing(Exception):  # noqa: N818 - reads as what happened
    """A role was started without a setting that it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"CARPASS_{name.upper()} is not set, and this role needs it")


class ServiceSettings(BaseSettings):
    """What every service reads; a service subclasses it and adds its own. Secrets stay out of the repr."""

    model_config = SettingsConfigDict(
        env_prefix="CARPASS_",
        secrets_dir=_SECRETS if _SECRETS.is_dir() else None,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_admin_url: str = Field(default="", repr=False)
    database_owner_url: str = Field(default="", repr=False)
    database_api_url: str = Field(default="", repr=False)
    database_worker_url: str = Field(default="", repr=False)
    database_pool_size: int = Field(default=20, ge=1, le=500)
    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_username: str | None = None
    kafka_password: str | None = Field(default=None, repr=False)
    kafka_ca_file: str | None = None
    kafka_partitions: int = Field(default=12, ge=1)
    kafka_replication: int = Field(default=1, ge=1)
    consumer_instance_id: str | None = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65_535)
    jwks_url: str = ""
    state_dir: Path = Path("/var/lib/carpass")
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$")
    trace_sample_ratio: float = Field(default=0.02, ge=0, le=1)
    otlp_endpoint: str | None = None

    max_body_bytes: int = Field(default=1 << 20, ge=1024)
    read_model_waiters: int = Field(default=64, ge=0)

    db_statement_timeout: Seconds = 5.0
    db_acquire_timeout: Seconds = 2.0
    shutdown_grace: Seconds = 15.0
    shutdown_announce: Annotated[float, Field(ge=0, le=30)] = 0.5
    read_model_patience: Seconds = 2.0
    health_check_timeout: Seconds = 2.0
    jwks_timeout: Seconds = 3.0
    jwks_refetch_interval: Seconds = 30.0
    jwks_max_age: Seconds = 3600.0
    consumer_session_timeout: Seconds = 10.0
    consumer_patience: Seconds = 60.0
    relay_ack_timeout: Seconds = 10.0
    relay_poll_interval: Annotated[float, Field(gt=0, le=1)] = 1.0

    @classmethod
    def load(cls) -> Self:
        """The settings of this process; wrong ones end it with a sentence that quotes no value."""
        try:
            return cls()
        except ValidationError as error:
            wrong = [_sentence(found) for found in error.errors(include_input=False)]
            raise SystemExit(f"wrong settings: {'; '.join(wrong)}") from None

    @property
    def kafka(self) -> KafkaConnection:
        """How this service reaches Kafka."""
        return KafkaConnection(self.kafka_bootstrap, self.kafka_username, self.kafka_password, self.kafka_ca_file)

    def required(self, name: str) -> str:
        """The named text setting; raises SettingMissing when it is empty."""
        value = getattr(self, name)
        if not value:
            raise SettingMissing(name)
        return str(value)


def _sentence(found: ErrorDetails) -> str:
    name = "_".join(str(part) for part in found["loc"]).upper()
    said = found["msg"].removeprefix("Value error, ")
    return f"CARPASS_{name}: {said}" if name else said
