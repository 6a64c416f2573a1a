"""An installation by docker-compose.yml, under a name and on ports of its own."""

import json
import os
import subprocess
import sys
from typing import Any

from cli.ports import choose_port
from cli.stack.state import REPOSITORY

BASE_IMAGE = "python:3.13-slim-bookworm"
_STARTING = 900.0
_DEADLINE = 180.0


class Installation:
    """`docker compose` of one project."""

    def __init__(self, project: str) -> None:
        port = choose_port()
        telegram_port = choose_port([port])
        self.url = f"http://127.0.0.1:{port}"
        self.telegram_url = f"http://127.0.0.1:{telegram_port}"
        self._environment = os.environ | {
            "COMPOSE_PROJECT_NAME": project,
            "CARPASS_PORT": str(port),
            "CARPASS_TELEGRAM_PORT": str(telegram_port),
        }

    def up(self, *options: str) -> None:
        """As the README says; returns when everything is healthy."""
        self._run(["docker", "compose", "up", "--build", "--wait", *options], _STARTING)

    def down(self) -> None:
        """End the containers, keep the data."""
        self._run(["docker", "compose", "down"], _DEADLINE)

    def operate(self, *command: str) -> Any:
        """What a command of operations answers with --json."""
        run = ["docker", "compose", "run", "--rm", "--no-TTY", "carpass", *command, "--json"]
        return json.loads(self._run(run, _DEADLINE))

    def demo(self) -> list[dict[str, Any]]:
        """The effects of one main job, performed through the gateway."""
        urls = ["--url", self.url, "--telegram-url", self.telegram_url]
        command = [sys.executable, "-P", "-m", "cli", "demo", *urls, "--within", "60", "--json"]
        effects: list[dict[str, Any]] = json.loads(self._run(command, _DEADLINE))
        return effects

    def containers(self) -> dict[str, dict[str, Any]]:
        """Those that run, by service, as `docker inspect` describes them."""
        ids = self._run(["docker", "compose", "ps", "--quiet"], _DEADLINE).split()
        described = json.loads(self._run(["docker", "inspect", *ids], _DEADLINE))
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in described}

    def execute(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a service's container; it may fail."""
        run = ["docker", "compose", "exec", "--no-TTY", service, *command]
        return subprocess.run(
            run, env=self._environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=_DEADLINE, check=False
        )

    def _run(self, command: list[str], deadline: float) -> str:
        done = subprocess.run(
            command,
            env=self._environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=deadline,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout


def image_size(image: str) -> int:
    """Bytes of all its layers."""
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=True)
    return int(done.stdout)
