"""`carpass topics`: the cluster's topics against the registry."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.operations.topics import TopicPlan

app = typer.Typer(name="topics", help="The cluster's topics against the registry.", no_args_is_help=True)

State = Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")]
Partitions = Annotated[
    int | None, typer.Option(min=1, help="Of every topic. Default: the registry's 12, and 3 in the local stack.")
]
Replication = Annotated[int | None, typer.Option(min=1, help="Copies of every partition. Default: 3, and 1 locally.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def topics() -> None:
    """The cluster's topics against the registry."""


@app.command()
def plan(
    state: State = DEFAULT_STATE_DIR,
    partitions: Partitions = None,
    replication: Replication = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what is missing or differs, and change nothing.

    Exit codes: 0 all is as in the registry; 1 something differs, or Kafka is away; 2 wrong usage.
    Another cluster than the local stack's is named by CARPASS_KAFKA_BOOTSTRAP (with SASL also
    CARPASS_KAFKA_USERNAME, _PASSWORD and _CA_FILE; CARPASS_KAFKA_PARTITIONS and _REPLICATION count as well). Example:
    CARPASS_KAFKA_BOOTSTRAP=kafka-1:9092,kafka-2:9092 carpass topics plan
    """
    from cli.operations.kafka_target import find_kafka  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.operations.quiet import quietly  # noqa: PLC0415
    from cli.operations.topics import plan_topics  # noqa: PLC0415
    from contracts import registry  # noqa: PLC0415

    target = find_kafka(state)
    with quietly():
        found = asyncio.run(
            plan_topics(
                target.connection,
                registry.TOPICS.values(),
                partitions=partitions or target.partitions,
                replication=replication or target.replication,
            )
        )
    _tell(found, found, as_json=as_json, done=False)


@app.command()
def apply(
    state: State = DEFAULT_STATE_DIR,
    partitions: Partitions = None,
    replication: Replication = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Create missing topics and set retention.ms, cleanup.policy and min.insync.replicas.

    Never deletes a topic, never changes how many partitions or replicas one has: it says so, and exits with 1.
    Other settings of a topic are left alone. Running it again is harmless.
    Exit codes: 0 all is as in the registry now; 1 something is left, or Kafka is away; 2 wrong usage. Example:
    CARPASS_KAFKA_BOOTSTRAP=kafka-1:9092 carpass topics apply --replication 3
    """
    from cli.operations.kafka_target import find_kafka  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.operations.quiet import quietly  # noqa: PLC0415
    from cli.operations.topics import apply_topics  # noqa: PLC0415
    from contracts import registry  # noqa: PLC0415

    target = find_kafka(state)
    with quietly():
        planned, left = asyncio.run(
            apply_topics(
                target.connection,
                registry.TOPICS.values(),
                partitions=partitions or target.partitions,
                replication=replication or target.replication,
            )
        )
    _tell(planned, left, as_json=as_json, done=True)


def _tell(planned: "Sequence[TopicPlan]", left: "Sequence[TopicPlan]", *, as_json: bool, done: bool) -> None:
    in_line = all(topic.in_line for topic in left)
    if as_json:
        document = {"in_line": in_line, "planned": [asdict(topic) for topic in planned if not topic.in_line]}
        if done:
            document["left"] = [asdict(topic) for topic in left if not topic.in_line]
        typer.echo(json.dumps(document, indent=2))
    else:
        _print(planned, left, done=done)
    raise typer.Exit(0 if in_line else 1)


def _print(planned: "Sequence[TopicPlan]", left: "Sequence[TopicPlan]", *, done: bool) -> None:
    unfinished = {topic.name: topic for topic in left}
    for topic in planned:
        now = unfinished[topic.name]
        if topic.missing and not topic.by_hand:
            word = "created" if done and not now.missing else "to create"
            typer.echo(f"{topic.name}: {word} (partitions: {topic.partitions}, replicas: {topic.replication})")
        for change in topic.changes:
            word = "set" if done and change not in now.changes else "to set"
            typer.echo(f"{topic.name}: {word} {change.setting} from {change.now} to {change.wanted}")
        for sentence in topic.by_hand:
            typer.echo(f"{topic.name}: by hand: {sentence}")
    in_line = sum(topic.in_line for topic in left)
    typer.echo(f"{len(left)} topics in the registry, {in_line} of them as they should be.")
