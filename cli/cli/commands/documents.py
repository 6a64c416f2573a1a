"""`carpass documents`: the API documents in docs/, generated from the code."""

import sys
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def documents(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when one of them is stale.")] = False,
) -> None:
    """Write docs/openapi, docs/asyncapi.json and the events' JSON schemas anew."""
    from cli.documents import stale, write  # noqa: PLC0415 -- imports every service, and help must be fast

    if not check:
        for path in write():
            typer.echo(f"wrote {path}")
        return
    found = stale()
    sys.stderr.write("".join(f"{sentence}\n" for sentence in found))
    raise typer.Exit(1 if found else 0)
