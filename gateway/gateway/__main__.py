"""`python -m gateway [api]`."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import NoReturn

import structlog
import uvloop

from chassis.process import EXIT_FAILED, Process
from chassis.settings import SettingMissing
from chassis.telemetry import setup_telemetry, shutdown_telemetry
from gateway.settings import GatewaySettings
from gateway.wiring import GatewayServer

_EXIT_USAGE = 2

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


def main() -> NoReturn:
    """Serves until SIGTERM; `all` is accepted as every service has it."""
    if sys.argv[1:] not in ([], ["api"], ["all"]):
        sys.stderr.write("usage: python -m gateway [api]\n")
        sys.exit(_EXIT_USAGE)
    settings = GatewaySettings.load()
    try:
        settings.upstream_urls()
    except (SettingMissing, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_EXIT_USAGE)
    sys.exit(_run(settings))


def _run(settings: GatewaySettings) -> int:
    setup_telemetry("gateway", "api", settings)
    # What was imported lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(settings))
    except OSError as error:
        log.error("cannot start", error=str(error))  # noqa: TRY400 -- the sentence says it all
        return EXIT_FAILED
    finally:
        shutdown_telemetry()


async def _serve(settings: GatewaySettings) -> int:
    server = GatewayServer(settings)
    process = Process(server.health, grace=settings.shutdown_grace, announce=settings.shutdown_announce)
    log.info("starting", port=server.public.port, admin_port=server.admin and server.admin.port)
    return await process.run(server.parts())


if __name__ == "__main__":
    main()
