"""`carpass effects`: whether every completed work order has all its effects, once."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.stack.state import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from cli.operations.effects import Report
    from cli.operations.ordering import OrderReport

app = typer.Typer()


@app.command()
def effects(
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    order: Annotated[bool, typer.Option("--order", help="Read all topics as well, for events out of order.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show the whole orders too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read all five databases: which effects each completed order has, and which are missing or doubled.

    The exit code is 0 only when every order is whole. Right after a completion its effects are still on
    their way: look at the outbox counts. Another installation than the local one is named by
    CARPASS_OWNERS_DATABASE_URL (and so on for each service) and CARPASS_KAFKA_BOOTSTRAP.
    """
    from cli.operations.effects import check_effects  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.operations.installation import Installation  # noqa: PLC0415
    from cli.operations.ordering import check_order  # noqa: PLC0415
    from cli.operations.quiet import quietly  # noqa: PLC0415

    installation = Installation.find(state)
    with quietly():
        report = asyncio.run(check_effects(installation))
        told = asyncio.run(check_order(installation.kafka_bootstrap)) if order else None
    if as_json:
        typer.echo(json.dumps(_document(report, told), indent=2))
    else:
        _print(report, told, everything=everything)
    raise typer.Exit(0 if report.whole and not (told and told.broken) else 1)


def _document(report: "Report", told: "OrderReport | None") -> dict[str, object]:
    return {
        "whole": report.whole,
        "completed_orders": len(report.orders),
        "orders": [
            {
                "work_order_id": str(each.work_order_id),
                "counts": dict(each.counts),
                "missing": each.missing,
                "doubled": each.doubled,
                "wrong": each.wrong,
            }
            for each in report.orders
        ],
        "effects_without_order": {name: [str(i) for i in ids] for name, ids in report.strangers.items()},
        "outbox": report.outbox,
        "dead_letters": report.dead_letters,
        "order": told and {"events": told.events, "repeats": told.repeats, "broken": [*map(str, told.broken)]},
    }


def _print(report: "Report", told: "OrderReport | None", *, everything: bool) -> None:
    for each in report.orders:
        if each.whole and not everything:
            continue
        typer.echo(f"{each.work_order_id}  {'whole' if each.whole else 'NOT WHOLE'}")
        for what, names in (("missing", each.missing), ("doubled", each.doubled), ("wrong", each.wrong)):
            for name in names:
                typer.echo(f"    {what}: {name}")
    for name, ids in report.strangers.items():
        typer.echo(f"{name} without a completed order: {', '.join(map(str, ids))}")
    whole = sum(each.whole for each in report.orders)
    typer.echo(f"{len(report.orders)} completed orders, {whole} of them whole.")
    typer.echo(f"still in an outbox: {_counts(report.outbox)}; dead letters: {_counts(report.dead_letters)}")
    if told is not None:
        typer.echo(
            f"{told.events} events of {told.aggregates} aggregates, {told.repeats} told again, "
            f"{len(told.broken)} out of order"
        )
        for event in told.broken:
            typer.echo(f"    {event}")


def _counts(by_service: dict[str, int]) -> str:
    return ", ".join(f"{service} {count}" for service, count in by_service.items() if count) or "none"
