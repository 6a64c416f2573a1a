"""Rows of answers: one per event, or per press of a button."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from notifier.db.models import decision
from notifier.domain.decisions import Decision, MadeBy, Outcome, Standing


async def add_decisions(tx: Transaction, decisions: Sequence[Decision]) -> None:
    """Keeps them; one that is there already stays."""
    rows = [
        {
            "id": each.id,
            "subject_id": each.subject_id,
            "version": each.version,
            "outcome": each.outcome.value,
            "made_by": each.made_by.value,
            "decided_at": each.decided_at,
            "jobs": {str(job): choice for job, choice in each.jobs.items()},
        }
        for each in decisions
    ]
    await tx.execute(insert(decision).on_conflict_do_nothing(), rows)


async def standing(tx: Transaction, subject_id: UUID, version: int) -> Standing:
    """What was answered to this version of the question."""
    return (await standings(tx, [(subject_id, version)]))[subject_id, version]


async def standings(tx: Transaction, asked: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Standing]:
    """What was answered to each question: subject and version."""
    if not asked:
        return {}
    subjects = {subject_id for subject_id, _ in asked}
    answers: dict[UUID, list[Decision]] = {subject_id: [] for subject_id in subjects}
    for row in await tx.execute(select(decision).where(decision.c.subject_id.in_(subjects))):
        answers[row.subject_id].append(_decision(row))
    return {(subject_id, version): Standing.of(answers[subject_id], version) for subject_id, version in asked}


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        subject_id=row.subject_id,
        version=row.version,
        outcome=Outcome(row.outcome),
        made_by=MadeBy(row.made_by),
        decided_at=row.decided_at,
        jobs={UUID(job): choice for job, choice in row.jobs.items()},
    )
