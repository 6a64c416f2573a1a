"""A real process of the small service, its address and its log."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.support.eventually import eventually

_ROOT = Path(__file__).parents[3]
_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 60.0


@dataclass
class Running:
    """One process under test."""

    process: asyncio.subprocess.Process
    output: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged so far; a line that it is still writing is left out."""
        return [orjson.loads(line) for line in self.output.read_bytes().splitlines(keepends=True) if line[-1:] == b"\n"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Its own: aiokafka calls it an error that a new broker's group coordinator is not there yet."""
        return [
            line
            for line in self.lines
            if line["level"] == "error" and not str(line.get("logger", "")).startswith("aiokafka")
        ]

    async def address(self) -> str:
        """`http://host:port`, once it has bound its socket."""

        def port() -> int:
            assert self.process.returncode is None, self.output.read_text()
            return next((line["port"] for line in self.lines if line["event"] == "starting"), 0)

        return f"http://127.0.0.1:{await eventually(port, within=_STARTS_WITHIN)}"

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Talks to it once it is ready."""
        async with httpx.AsyncClient(base_url=await self.address(), timeout=20) as client:

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await eventually(ready, within=_STARTS_WITHIN)
            yield client

    async def exit_code(self) -> int:
        return await asyncio.wait_for(self.process.wait(), _ENDS_WITHIN)

    async def terminated(self) -> int:
        self.process.terminate()
        return await self.exit_code()


@asynccontextmanager
async def running(environment: Mapping[str, str], folder: Path, *arguments: str) -> AsyncIterator[Running]:
    """Starts the process, and kills it at the end if it still runs."""
    output = folder / f"{'-'.join(arguments) or 'none'}.log"
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.chassis.http.things_service",
            *arguments,
            cwd=_ROOT,
            env={**os.environ, "CARPASS_HTTP_PORT": "0", **environment},
            stdout=file,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        yield Running(process, output)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
