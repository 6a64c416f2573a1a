"""Baseline and subject in turns within one run, so that a slow minute of the machine hits both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bench.harness.suite import InvalidRun, Measured, Suite


@dataclass(frozen=True, slots=True)
class Round:
    """Both sides, measured one right after the other."""

    baseline: Measured | None
    subject: Measured


async def run_rounds(suite: Suite, count: int) -> AsyncIterator[Round]:
    """`count` rounds, in the order ABBA ABBA …; raises InvalidRun when an invariant does not hold after one."""
    for number in range(count):
        if number % 2 == 0:
            baseline = await suite.baseline()
            subject = await _subject(suite)
        else:
            subject = await _subject(suite)
            baseline = await suite.baseline()
        yield Round(baseline, subject)


async def _subject(suite: Suite) -> Measured:
    measured = await suite.subject()
    broken: Sequence[str] = await suite.verify()
    if broken:
        raise InvalidRun("; ".join(broken))
    return measured
