"""The gateway put together, for production and for tests."""

from __future__ import annotations

import asyncio
from functools import partial

from chassis.auth import KeySource
from chassis.health import Health
from chassis.http.app import create_probe_app
from chassis.http.server import HttpServer
from chassis.process import Part, Stage
from gateway.app import Gateway
from gateway.protocol import edge_protocol
from gateway.settings import GatewaySettings

_DRAIN_SHARE = 0.6  # of the grace, for requests in flight


class GatewayServer:
    """The public server and, with an admin port, the one for operations. Build it inside the event loop."""

    def __init__(self, settings: GatewaySettings, *, keys: KeySource | None = None) -> None:
        """Binds the ports; raises OSError when one is in use, SettingMissing without a service's address."""
        self.health = Health(check_timeout=settings.health_check_timeout)
        self.app = Gateway(settings, health=self.health, keys=keys)
        self.health.add_check("upstreams", self.app.readiness.all_away)
        server = partial(HttpServer, host=settings.http_host, drain=settings.shutdown_grace * _DRAIN_SHARE)
        protocol = edge_protocol(
            self.app.short_way,
            header_timeout=settings.client_header_timeout,
            write_timeout=settings.client_write_timeout,
            max_header_bytes=settings.max_header_bytes,
        )
        self.public = server(self.app, port=settings.http_port, protocol=protocol)
        self.admin: HttpServer | None = None
        if settings.admin_port is not None:
            self.admin = server(create_probe_app("gateway", settings, self.health), port=settings.admin_port)

    def parts(self) -> list[Part]:
        """What a process runs."""
        parts = [Part("http", self.public.run)]
        if self.admin is not None:
            parts.append(Part("admin", self.admin.run, Stage.OUTLET))
        return parts

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`, without a process around it."""
        await asyncio.gather(*(part.run(stop) for part in self.parts()))
