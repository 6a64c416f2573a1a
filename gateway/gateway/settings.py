from __future__ import annotations

from typing import Annotated

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from yarl import URL

from chassis.settings import Seconds, ServiceSettings
from gateway.routing import UPSTREAMS, Upstream

_HTTP_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


class Deadlines(BaseModel):
    """Seconds from the first byte towards a service to the last byte of its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read: Seconds = 3.0
    command: Seconds = 5.0  # above the 2 s that a command may wait for a read model


class GatewaySettings(ServiceSettings):
    """What the gateway reads besides the settings of every service."""

    upstream_owners_url: str = ""
    upstream_sto_url: str = ""
    upstream_workorders_url: str = ""
    upstream_trust_url: str = ""
    upstream_notifier_url: str = ""

    admin_port: int | None = Field(default=None, ge=0, le=65_535)
    docs_enabled: bool = False
    cors_origins: tuple[str, ...] = ()

    deadlines: Deadlines = Deadlines()
    upstream_deadlines: dict[Upstream, Deadlines] = Field(default_factory=dict)
    upstream_concurrency: int = Field(default=256, ge=1)
    connect_timeout: Seconds = 0.5
    connect_patience: Seconds = 2.0
    breaker_failures: int = Field(default=10, ge=1)
    breaker_pause: Seconds = 1.0

    client_header_timeout: Seconds = 10.0
    client_body_timeout: Seconds = 10.0
    client_write_timeout: Seconds = 10.0
    max_header_bytes: int = Field(default=32_768, ge=1024)
    max_buffered_bytes: Annotated[int, Field(ge=1 << 20)] = 64 << 20
    openapi_max_age: Seconds = 30.0

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            url = _HTTP_URL.validate_python(origin)
            if origin != f"{url.scheme}://{origin.partition('://')[2].partition('/')[0]}":
                raise ValueError("an origin is a scheme, a host and perhaps a port: https://app.example")
        return origins

    def upstream_url(self, upstream: Upstream) -> str:
        """The service's base URL without a slash at the end; raises SettingMissing, or ValueError for no such URL."""
        name = f"upstream_{upstream}_url"
        url = _origin(self.required(name))
        if url is None:
            raise ValueError(f"CARPASS_{name.upper()} must be scheme, host and port: http://127.0.0.1:8001")
        return url

    def upstream_urls(self) -> dict[Upstream, str]:
        """Every service's base URL."""
        return {upstream: self.upstream_url(upstream) for upstream in UPSTREAMS}

    def deadlines_of(self, upstream: Upstream) -> Deadlines:
        """The service's own deadlines, or everybody's."""
        return self.upstream_deadlines.get(upstream, self.deadlines)


def _origin(text: str) -> str | None:
    """The URL, when it is a scheme, a host and perhaps a port, and nothing else."""
    try:
        url = URL(text)
        origin = url.origin()
    except ValueError:
        return None
    return str(origin) if url == origin and url.scheme in {"http", "https"} else None
