"""`carpass status`: what runs, and whether it is ready."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.display import part_line
from cli.processes import ProcessIdentity
from cli.stack.service_part import answers_ok
from cli.stack.state import DEFAULT_STATE_DIR, StackDescription, StateDir

app = typer.Typer()

_GOOD = ("ready", "running")


@dataclass(frozen=True)
class PartStatus:
    """One part; `state` is ready, running (no HTTP to ask), not ready, or not running."""

    part: str
    state: str
    pid: int | None
    uptime_seconds: float | None


@app.command()
def status(
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show every part of the stack; exit code 0 only when all of them are ready."""
    folder = StateDir(state)
    description = folder.description()
    parts = _look(folder, description) if description else []
    healthy = bool(parts) and all(part.state in _GOOD for part in parts)
    if as_json:
        typer.echo(json.dumps(_document(description, parts, healthy=healthy), indent=2))
    else:
        _print(folder, description, parts)
    raise typer.Exit(0 if healthy else 1)


def _look(folder: StateDir, description: StackDescription) -> list[PartStatus]:
    names = description.readiness_urls
    with ThreadPoolExecutor(max(len(names), 1)) as threads:
        return list(threads.map(lambda name: _part_status(folder, name, names[name]), names))


def _part_status(folder: StateDir, name: str, readiness_url: str | None) -> PartStatus:
    identity = ProcessIdentity.read(folder.record(name))
    if identity is None or identity.process() is None:
        return PartStatus(name, "not running", None, None)
    state = "running"
    if readiness_url:
        state = "ready" if answers_ok(readiness_url) else "not ready"
    return PartStatus(name, state, identity.pid, round(time.time() - identity.started, 1))


def _document(description: StackDescription | None, parts: Sequence[PartStatus], *, healthy: bool) -> dict[str, object]:
    return {
        "ready": healthy,
        "gateway_url": description.gateway_url if description else None,
        "telegram_url": description.telegram_url if description else None,
        "parts": [asdict(part) for part in parts],
    }


def _print(folder: StateDir, description: StackDescription | None, parts: Sequence[PartStatus]) -> None:
    if description is None:
        typer.echo(f"No stack runs in {folder.root}; start one with ./carpass up.")
        return
    for part in parts:
        pid = f"pid {part.pid}" if part.pid else ""
        typer.echo(part_line(part.part, part.state, part.uptime_seconds, pid))
    typer.echo(f"API {description.gateway_url}, bot and chats {description.telegram_url}")
