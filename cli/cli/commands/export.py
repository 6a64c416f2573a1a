"""`carpass export`: a car's whole history into a file."""

import asyncio
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from cli.errors import StackError
from cli.stack.running import RunningStack
from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.client.files import CarFiles

app = typer.Typer()

_FORMS: Final = frozenset({".csv", ".xlsx", ".zip", ".pdf"})


@app.command()
def export(
    car: Annotated[str, typer.Option(help="The car's id, as GET /v1/cars tells it.")],
    name: Annotated[str, typer.Option("--as", help="Who signs in: the car's owner.")],
    out: Annotated[
        Path, typer.Option(help="The file to write: .csv or .xlsx is a table, .zip has the files, .pdf is to be read.")
    ],
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
) -> None:
    """Write everything about a car that its owner may see, as carpass.exchange.v1 with provenance, or as a table.

    A zip holds the files of its entries and documents as well. All but a PDF can be imported again. The file appears
    when it is whole; one of that name is replaced then. Example: ./carpass export --as anna --car 0190… --out car.zip
    """
    size = asyncio.run(_export(RunningStack.of(state), name, car, out))
    typer.echo(f"{out}: {size} bytes")


async def _export(stack: RunningStack, name: str, car: str, out: Path) -> int:
    from cli.client.files import CarFiles  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.client.gateway import Gateway  # noqa: PLC0415
    from cli.client.sign_in import TelegramUser  # noqa: PLC0415

    async with Gateway(stack.gateway_url) as gateway:
        person = await gateway.sign_in(TelegramUser.named(name), stack.secrets.bot_token)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            form = out.suffix[1:] if out.suffix in _FORMS else "carpass"
            await _written(CarFiles(stack.gateway_url, person.access_token), car, form, file)
            size = file.tell()
        partial.replace(out)
    except OSError as error:
        raise StackError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return size


async def _written(files: "CarFiles", car: str, form: str, file: IO[bytes]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- slow to import, and help must be fast
    from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Writing", total=None)

        def write(piece: bytes) -> None:
            file.write(piece)
            bar.advance(task, len(piece))

        await files.export(car, form, write)
