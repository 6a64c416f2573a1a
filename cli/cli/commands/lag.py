"""`carpass lag`: how far the services are behind."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.stack.plan import SERVICES
from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.operations.lag import GroupLag, TopicLag

app = typer.Typer()

_DEFAULT_MAX_SECONDS = 60.0


@app.command()
def lag(
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    max_seconds: Annotated[float, typer.Option(min=0, help="A record may wait so long.")] = _DEFAULT_MAX_SECONDS,
    group: Annotated[list[str] | None, typer.Option(help="Only this service; may be repeated.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show how many records each service has yet to apply, and how long the oldest of them waits.

    Below each group stands what its workers say themselves. Another installation than the local one is named as for
    `effects`; CARPASS_KAFKA_BOOTSTRAP alone is enough, then without the workers' words.
    Exit codes: 0 nothing waits longer than --max-seconds; 1 something does or can't be told, or Kafka is away;
    2 wrong usage. Example:
    carpass lag --max-seconds 10 --group trust
    """
    from cli.operations.kafka_target import databases_beside, find_kafka  # noqa: PLC0415 -- slow, and help must be fast
    from cli.operations.lag import measure_lag  # noqa: PLC0415
    from cli.operations.quiet import quietly  # noqa: PLC0415
    from contracts import registry  # noqa: PLC0415

    wanted = group or list(SERVICES)
    if unknown := set(wanted) - set(SERVICES):
        raise typer.BadParameter(f"there is no service {', '.join(sorted(unknown))}", param_hint="--group")
    target, databases = find_kafka(state), databases_beside(state)
    with quietly():
        found = asyncio.run(
            measure_lag(target.connection, registry.TOPICS.values(), databases, groups=dict.fromkeys(wanted))
        )
    behind = [one.group for one in found if one.exceeds(max_seconds)]
    if as_json:
        document = {"max_seconds": max_seconds, "behind": behind, "groups": [asdict(one) for one in found]}
        typer.echo(json.dumps(document, indent=2))
    else:
        _print(found, behind, max_seconds)
    raise typer.Exit(1 if behind else 0)


def _print(found: "Sequence[GroupLag]", behind: Sequence[str], max_seconds: float) -> None:
    for one in found:
        typer.echo(f"{one.group}: {one.state}, workers: {one.members}")
        for topic in one.topics:
            typer.echo(f"    {topic.topic.ljust(24)} {_topic(topic)}")
        for worker in one.workers or ():
            told = f"{worker.told_seconds_ago:.1f} s ago"
            typer.echo(f"    worker {worker.member} said {told}: {worker.lag_seconds:.1f} s behind")
        if one.problem:
            typer.echo(f"    {one.problem}")
    typer.echo(f"Behind by more than {max_seconds:g} s: {', '.join(behind) or 'none'}.")


def _topic(topic: "TopicLag") -> str:
    if topic.problem:
        return topic.problem
    unassigned = f", {topic.unassigned} of {topic.partitions} partitions have no worker" if topic.unassigned else ""
    if not topic.records:
        return f"up to date{unassigned}"
    age = "of unknown age" if topic.seconds is None else f"the oldest waits {topic.seconds:.1f} s"
    return f"{topic.records} behind, {age}{unassigned}"
