"""`carpass dlt`: the dead letters of all services."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.stack.plan import SERVICES
from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from chassis.consuming.dead_letters import DeadLetter
    from cli.operations.dead_letters import Found, Listed, Place
    from cli.operations.replaying import Outcome

app = typer.Typer(name="dlt", help="The dead letters of all services.", no_args_is_help=True)

State = Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")]
Services = Annotated[list[str] | None, typer.Option("--service", help="Only of this service; may be repeated.")]
Topic = Annotated[str | None, typer.Option(help="Only of this topic (timers: timer:KIND).")]
Error = Annotated[str | None, typer.Option(help="Only with this text in the error.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

# A timer's letter has the partition -1, which is no option.
_PLACES = {"ignore_unknown_options": True}
_ERROR_WIDTH = 110


@app.callback()
def dlt() -> None:
    """The dead letters of all services: records that could not be applied, and timers that kept failing."""


@app.command(name="list")
def list_letters(
    state: State = DEFAULT_STATE_DIR,
    service: Services = None,
    topic: Topic = None,
    error: Error = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many of each service, the oldest first.")] = 100,
    *,
    as_json: AsJson = False,
) -> None:
    """List them, without what they carry.

    Another installation than the local one is named as for `effects`.
    Exit codes: 0 there are none; 1 there are some, or a database is away; 2 wrong usage. Example:
    carpass dlt list --service trust --error "Refuse"
    """
    from cli.operations.dead_letters import Selection, find_letters  # noqa: PLC0415 -- slow, and help must be fast
    from cli.operations.quiet import quietly  # noqa: PLC0415

    selection = Selection(_services(service), topic, error)
    databases = _databases(state)
    with quietly():
        found = asyncio.run(find_letters(databases, selection, limit=limit))
    total = sum(found.counts.values())
    if as_json:
        letters = [_document(letter) for letter in found.letters]
        typer.echo(json.dumps({"counts": found.counts, "letters": letters}, indent=2))
    else:
        _print_list(found, total)
    raise typer.Exit(1 if total else 0)


@app.command(context_settings=_PLACES)
def show(
    topic: Annotated[str, typer.Argument()],
    partition: Annotated[int, typer.Argument()],
    offset: Annotated[int, typer.Argument()],
    state: State = DEFAULT_STATE_DIR,
    service: Services = None,
    *,
    value: Annotated[bool, typer.Option("--value", help="The value too; it may hold a name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one record: key, headers, why and when it was given up, in every service that gave it up.

    JSON is shown decoded, other text as it is, anything else as hex.
    Exit codes: 0 shown; 1 there is no such letter, or a database is away; 2 wrong usage. Example:
    carpass dlt show workorders.workorder 2 1041 --value
    """
    from cli.operations.dead_letters import Selection, read_letters  # noqa: PLC0415 -- slow, and help must be fast
    from cli.operations.quiet import quietly  # noqa: PLC0415

    selection = Selection(_services(service), place=(topic, partition, offset))
    databases = _databases(state)
    with quietly():
        letters = asyncio.run(read_letters(databases, selection))
    documents = [_whole(name, letter, value=value) for name, letter in letters.items()]
    if as_json:
        typer.echo(json.dumps({"letters": documents}, indent=2))
    elif documents:
        for document in documents:
            _print_whole(document)
    else:
        typer.echo(f"No service has a dead letter of {topic} {partition} {offset}.")
    raise typer.Exit(0 if documents else 1)


@app.command(context_settings=_PLACES)
def replay(
    place: Annotated[
        tuple[str, int, int] | None, typer.Argument(metavar="[TOPIC PARTITION OFFSET]", show_default=False)
    ] = None,
    state: State = DEFAULT_STATE_DIR,
    service: Services = None,
    topic: Topic = None,
    error: Error = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All letters of all services.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the services' own handlers again, once what ended the records is repaired.

    Each letter is applied and removed in one transaction, which --dry-run rolls back. One that fails again stays, with
    the new error. Running it twice changes nothing: effects exist once. This must be the services' own version.
    Exit codes: 0 none is left of those asked for; 1 some failed again, or a database is away; 2 wrong usage. Examples:
    carpass dlt replay --service trust --error "Refuse" --dry-run
    carpass dlt replay workorders.workorder 2 1041
    """
    if not (place or service or topic or error or everything):
        raise typer.BadParameter("name a place, --service, --topic or --error, or say --all")
    outcomes = _replay(state, _services(service), topic, error, place, dry_run=dry_run, quiet=as_json)
    failed = sum(outcome.error is not None for outcome in outcomes)
    if as_json:
        letters = [_document(one.letter) | {"fate": one.fate.value, "new_error": one.error} for one in outcomes]
        typer.echo(json.dumps({"dry_run": dry_run, "failed": failed, "letters": letters}, indent=2))
    else:
        would = "would be " if dry_run else ""
        typer.echo(f"{len(outcomes) - failed} {would}done, {failed} {'would fail' if dry_run else 'failed'} again.")
    raise typer.Exit(1 if failed else 0)


def _replay(
    state: Path,
    services: Collection[str],
    topic: str | None,
    error: str | None,
    place: "Place | None",
    *,
    dry_run: bool,
    quiet: bool,
) -> "list[Outcome]":
    from cli.operations.dead_letters import Selection, find_letters  # noqa: PLC0415 -- slow, and help must be fast
    from cli.operations.quiet import quietly  # noqa: PLC0415
    from cli.operations.replaying import replay_letters  # noqa: PLC0415

    databases = _databases(state)
    outcomes: list[Outcome] = []

    def tell(outcome: "Outcome") -> None:
        outcomes.append(outcome)
        if not quiet:
            _print_outcome(outcome)

    async def run() -> None:
        found = await find_letters(databases, Selection(services, topic, error, place))
        await replay_letters(databases, found.letters, tell, dry_run=dry_run)

    with quietly():
        asyncio.run(run())
    return outcomes


def _databases(state: Path) -> Any:
    from cli.operations.installation import Installation  # noqa: PLC0415 -- slow to import, and help must be fast

    return Installation.find(state).databases


def _services(named: list[str] | None) -> list[str]:
    if unknown := set(named or ()) - set(SERVICES):
        raise typer.BadParameter(f"there is no service {', '.join(sorted(unknown))}", param_hint="--service")
    return [service for service in SERVICES if not named or service in named]


def _document(letter: "Listed") -> dict[str, Any]:
    return asdict(letter) | {"recorded_at": letter.recorded_at.isoformat()}


def _whole(service: str, letter: "DeadLetter", *, value: bool) -> dict[str, Any]:
    from cli.operations.legible import legible  # noqa: PLC0415 -- slow to import, and help must be fast

    record = letter.record
    names = [name.encode() if isinstance(name, str) else name for name, _ in record.headers]
    headers = [(legible(name), legible(content)) for name, (_, content) in zip(names, record.headers, strict=True)]
    document: dict[str, Any] = {
        "service": service,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "kind": letter.kind,
        "error": letter.error,
        "recorded_at": letter.recorded_at and letter.recorded_at.isoformat(),
        "timestamp_ms": record.timestamp_ms,
        "key": asdict(legible(record.key)),
        "headers": [{"name": asdict(name), "value": asdict(content)} for name, content in headers],
        "value_bytes": None if record.value is None else len(record.value),
    }
    return document | ({"value": asdict(legible(record.value, parse=True))} if value else {})


def _print_list(found: "Found", total: int) -> None:
    from cli.operations.legible import printable  # noqa: PLC0415 -- slow to import, and help must be fast

    for letter in found.letters:
        place = printable(f"{letter.topic} {letter.partition} {letter.offset}")
        described = printable(letter.event_type or letter.kind)
        typer.echo(f"{letter.recorded_at:%Y-%m-%d %H:%M:%S}Z  {letter.service}  {place}  {described}")
        typer.echo(f"    {printable(letter.error)[:_ERROR_WIDTH]}")
    shown = f", {len(found.letters)} of them shown" if len(found.letters) < total else ""
    by_service = ", ".join(f"{service} {count}" for service, count in found.counts.items() if count)
    typer.echo(f"{total} dead letters{f': {by_service}' if by_service else ''}{shown}.")


def _print_whole(document: dict[str, Any]) -> None:
    from cli.operations.legible import Legible, printable  # noqa: PLC0415 -- slow to import, and help must be fast

    typer.echo(printable(f"{document['service']}: {document['topic']} {document['partition']} {document['offset']}"))
    typer.echo(f"  given up  {document['recorded_at']}")
    typer.echo(f"  error     {printable(document['error'])}")
    typer.echo(f"  key       {Legible(**document['key'])}")
    for header in document["headers"]:
        typer.echo(f"  header    {Legible(**header['name'])}: {Legible(**header['value'])}")
    if "value" in document:
        typer.echo(f"  value     {Legible(**document['value'])}")
    else:
        typer.echo(f"  value     {document['value_bytes'] or 0} bytes; --value shows them")


def _print_outcome(outcome: "Outcome") -> None:
    from cli.operations.legible import printable  # noqa: PLC0415 -- slow to import, and help must be fast

    letter = outcome.letter
    place = printable(f"{letter.topic} {letter.partition} {letter.offset}")
    typer.echo(f"{letter.service}  {place}  {outcome.fate}")
    if outcome.error:
        typer.echo(f"    {printable(outcome.error)}")
