"""nginx as a reverse proxy with kept-alive connections to one upstream, and as that upstream."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from pathlib import Path
from typing import Final

import psutil

from bench.harness.suite import InvalidRun
from cli.ports import choose_port
from cli.processes import last_line, spawn

_START_SECONDS: Final = 10.0
_SCHEDULER_CLOCK: Final = 2  # as clock_getcpuclockid(3) makes the id of another process's clock
_CONFIGURATION: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 10000000;
    client_body_buffer_size 64k;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    {server}
}}
"""
_UPSTREAM: Final = """server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{body}'; }} }}"""
_PROXY: Final = """
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; keepalive_requests 10000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
"""


class Nginx:
    """One nginx with one worker."""

    def __init__(self, folder: Path, server: str, port: int) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
        if program is None:
            raise InvalidRun("not run: nginx, the baseline, is not installed here")
        folder.mkdir(parents=True)
        configuration = folder / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, server=server))
        self.port = port
        self._log = folder / "error.log"
        self._process = spawn([program, "-p", folder, "-c", configuration], log=folder / "output.log")
        self._psutil = psutil.Process(self._process.pid)

    @classmethod
    async def upstream(cls, folder: Path, body: bytes) -> Nginx:
        """Answers everything with this body."""
        port = choose_port()
        return await listening(cls(folder, _UPSTREAM.format(port=port, body=body.decode()), port))

    @classmethod
    async def proxy(cls, folder: Path, behind: int) -> Nginx:
        """Passes everything on to that port."""
        port = choose_port()
        return await listening(cls(folder, _PROXY.format(port=port, behind=behind), port))

    def check(self) -> None:
        """Raises InvalidRun when it has ended."""
        if not self._process.running():
            raise InvalidRun(f"nginx has ended: {last_line(self._log)}")

    def cpu_seconds(self) -> float:
        """Of master and worker."""
        return sum(_cpu_seconds(process) for process in (self._psutil, *self._psutil.children()))

    async def kill(self) -> None:
        """Ends it."""
        await asyncio.to_thread(self._process.kill)


def _cpu_seconds(process: psutil.Process) -> float:
    """What nginx takes is too little for clock ticks of 10 ms: on Linux the process has a CPU clock that is finer."""
    if sys.platform == "linux":
        return time.clock_gettime((~process.pid << 3) | _SCHEDULER_CLOCK)
    times = process.cpu_times()
    return times.user + times.system


async def listening(nginx: Nginx) -> Nginx:
    """The same, as soon as it can be connected to."""
    async with asyncio.timeout(_START_SECONDS):
        while True:
            nginx.check()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", nginx.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return nginx
