"""`carpass tokens`: the keys that sign access tokens."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import StackError
from cli.stack.secrets import Secrets
from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.operations.signing_keys import Rotation

app = typer.Typer(name="tokens", help="The keys that sign access tokens.", no_args_is_help=True)

_DEFAULT_DELAY_SECONDS = 300
_SHORTEST_DELAY_SECONDS = 90


@app.callback()
def tokens() -> None:
    """The keys that sign access tokens."""


@app.command(name="rotate-keys")
def rotate_keys(
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    keys_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="CARPASS_SIGNING_KEYS_DIR",
            help="The folder that owners has as CARPASS_SIGNING_KEYS_DIR. Default: the stack's.",
        ),
    ] = None,
    delay: Annotated[
        int, typer.Option(min=_SHORTEST_DELAY_SECONDS, help="Seconds for which the new key is only published.")
    ] = _DEFAULT_DELAY_SECONDS,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Add the next signing key, and remove the keys that no valid token needs.

    owners notices within seconds, publishes the new key at once and signs with it when the delay is over; nothing has
    to be restarted, and no valid token is refused. Where it takes longer until every replica of owners has the file
    (a Kubernetes Secret: up to two minutes), take a longer delay.
    Exit codes: 0 rotated; 1 it is too early or the folder cannot be used, and nothing was done; 2 wrong usage. Example:
    carpass tokens rotate-keys --keys-dir /srv/carpass/signing-keys
    """
    from cli.operations.signing_keys import rotate_keys as rotate  # noqa: PLC0415 -- slow, and help must be fast

    folder = keys_dir or _of_local_stack(state)
    rotation = rotate(folder, now=datetime.now(UTC), delay=timedelta(seconds=delay))
    if as_json:
        typer.echo(json.dumps(asdict(rotation), indent=2, default=_text))
    else:
        _print(rotation)


def _of_local_stack(state: Path) -> Path:
    secrets = Secrets.load(state / "secrets")
    if secrets is None:
        raise StackError(f"There is no stack in {state}; name the folder of signing keys with --keys-dir.")
    return secrets.signing_keys_dir


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _print(rotation: "Rotation") -> None:
    instant = f"{rotation.added.signs_from:%Y-%m-%d %H:%M:%S} UTC"
    typer.echo(f"added    {rotation.added.name}  {rotation.added.kid}")
    typer.echo(f"signing  {rotation.signing.name}  {rotation.signing.kid}")
    for word, keys in (("kept", rotation.kept), ("removed", rotation.removed)):
        for key in keys:
            typer.echo(f"{word:<9}{key.name}  {key.kid}")
    typer.echo(f"The new key is published within seconds and signs from {instant} on. Nothing has to be restarted.")
    typer.echo(f"{rotation.signing.name} is needed until {rotation.removable_at:%Y-%m-%d %H:%M:%S} UTC.")
