"""`carpass import`: a file of another app, or of CarPass, into a car's history."""

import asyncio
import json
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.errors import StackError
from cli.stack.running import RunningStack
from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.client.files import Asked, CarFiles

app = typer.Typer()

_MOST_BYTES: Final = 10_000_000
_DOCUMENT: Final = "car.json"


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="What the other app exported; a zipped backup of Fuelio will do.")],
    car: Annotated[str, typer.Option(help="The car's id, as GET /v1/cars tells it.")],
    name: Annotated[str, typer.Option("--as", help="Who signs in: the car's owner, or a manager.")],
    told: Annotated[
        list[str] | None,
        typer.Option("--set", help="An answer to a question about the file, as field=value; may be repeated."),
    ] = None,
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON document.")] = False,
) -> None:
    """Show row by row what a file would change in a car's history, then change it: all of it, or nothing.

    Fuelio, Drivvo, aCar, Fuelly, Spritmonitor, LubeLogger, carpass.exchange.v1 (also as a zip with files), or any table
    with a header (--set columns=Sum=total). What the file leaves open is asked, never guessed. Exit codes: 0 done or
    nothing to do; 1 refused; 2 wrong usage; 3 the file leaves something open. Example:
    ./carpass import backup.zip --as anna --car 0190… --set currency=RUB
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise StackError(f"{file} cannot be read: {error.strerror}.") from error
    if len(data) > _MOST_BYTES:
        way = f" Import its {_DOCUMENT} alone, and attach the files." if zipfile.is_zipfile(file) else ""
        raise StackError(f"{file} has {len(data)} bytes, and an import takes at most {_MOST_BYTES}.{way}")
    asked = _asked(car, told or [])
    code = asyncio.run(_import(RunningStack.of(state), name, data, asked, dry_run=dry_run, yes=yes, as_json=as_json))
    raise typer.Exit(code)


def _asked(car: str, told: list[str]) -> dict[str, str | list[str]]:
    asked: dict[str, str | list[str]] = {"car_id": car}
    columns: list[str] = []
    for one in told:
        field, mark, value = one.partition("=")
        if not mark or not value:
            raise typer.BadParameter(f"{one} is not field=value", param_hint="--set")
        if field == "columns":
            columns.append(value)
        else:
            asked[field] = value
    return asked | ({"columns": columns} if columns else {})


async def _import(
    stack: RunningStack, name: str, data: bytes, asked: "Asked", *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    from cli.client.files import CarFiles  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.client.gateway import Gateway  # noqa: PLC0415
    from cli.client.sign_in import TelegramUser  # noqa: PLC0415
    from cli.import_report import OPEN, report  # noqa: PLC0415

    async with Gateway(stack.gateway_url) as gateway:
        person = await gateway.sign_in(TelegramUser.named(name), stack.secrets.bot_token)
    files = CarFiles(stack.gateway_url, person.access_token)
    found = await files.preview(data, asked)
    if not as_json:
        report(found)
    new = found["counts"]["new"]
    new_files = found["file_counts"]["new"]
    if found["questions"] or dry_run or not new + new_files:
        _print_json(found, as_json=as_json)
        return OPEN if found["questions"] else 0
    if not yes and not _agreed(_told(new, new_files)):
        return 1
    done = await _committed(files, data, asked, found["hash"])
    _print_json(done, as_json=as_json)
    if not as_json:
        typer.echo(f"Added {_told(done['counts']['new'], done['file_counts']['new'])}.")
    return 0


def _told(new: int, new_files: int) -> str:
    return f"{new} records and {new_files} files" if new_files else f"{new} records"


def _agreed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise StackError("Nothing was changed: nobody is here to agree. Say --yes.")
    return typer.confirm(f"Add these {what}?")


async def _committed(files: "CarFiles", data: bytes, asked: "Asked", expected_hash: str) -> dict[str, Any]:
    from rich.console import Console  # noqa: PLC0415 -- slow to import, and help must be fast
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Adding", total=None)
        return await files.commit(
            data, asked, expected_hash, lambda done, total: bar.update(task, completed=done, total=total)
        )


def _print_json(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
