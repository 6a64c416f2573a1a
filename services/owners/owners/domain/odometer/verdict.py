"""The verdict on every reading of one car: a function of the set of readings and of the meters' replacements.

The order in which they came plays no part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from owners.domain.odometer.calm import calm_after
from owners.domain.odometer.chain import heaviest_chain
from owners.domain.odometer.explain import Explainer
from owners.domain.odometer.meter import MeterReplacement, Meters
from owners.domain.odometer.ordering import Placed, in_order
from owners.domain.odometer.plausibility import unsupported
from owners.domain.odometer.reading import Reading, Verdict
from owners.domain.odometer.rollback import rolled_back

MAX_PLAUSIBLE_KM: Final = 1_000_000


class Judgement(NamedTuple):
    """What is thought of one reading; a quarantined one comes with what it was probably meant to be.

    `offset_km` is what its meter shows too little, because the car had another one before.
    """

    verdict: Verdict
    candidates_km: tuple[int, ...] = ()
    offset_km: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """All judgements of one car. `last_ok` is the reading that says where the odometer stands.

    `offset_km` is of the meter that is in the car now.

    `calm_after`: what was read after this day is ok, and stays so while it is calm; None when no such day is known,
    nor with a replaced meter.
    """

    judgements: Mapping[UUID, Judgement]
    last_ok: UUID | None
    offset_km: int = 0
    calm_after: date | None = field(default=None, compare=False)

    def count(self, *verdicts: Verdict) -> int:
        """How many readings have one of these verdicts."""
        return sum(judgement.verdict in verdicts for judgement in self.judgements.values())


def judge(
    readings: Collection[Reading],
    replacements: Collection[MeterReplacement] = (),
    *,
    max_km: int = MAX_PLAUSIBLE_KM,
) -> Judged:
    """Judges all readings of a car in O(n log² n), as if one meter had shown them all.

    In this order: replaced ones are out of the question; two that agree well below what was attested show a rollback;
    of the rest, the heaviest chain is ok, less what only an implausibly long link reaches; what one slip explains is
    quarantined; what remains is suspect.
    """
    if not replacements:
        return _judge(readings, max_km)
    meters = Meters.of(replacements)
    counted = meters.counted(readings)
    judged = _judge(counted, max_km)
    judgements = {one.id: judged.judgements[one.id]._replace(offset_km=one.offset_km) for one in counted}
    return Judged(judgements, judged.last_ok, meters.offset_km)


def _judge(readings: Collection[Reading], max_km: int) -> Judged:
    ordered = in_order(reading for reading in readings if not reading.replaced)
    back = rolled_back(ordered)
    rest = [placed for placed in ordered if placed.place not in back]
    chain = heaviest_chain(rest, max_km=max_km)
    doubtful = unsupported(chain)
    believed = [placed for placed in chain if placed.place not in doubtful]

    judgements = {reading.id: Judgement("replaced") for reading in readings if reading.replaced}
    judgements |= {placed.reading.id: Judgement("rollback") for placed in ordered if placed.place in back}
    judgements |= {placed.reading.id: Judgement("ok") for placed in believed}
    odd = [placed for placed in rest if placed.reading.id not in judgements]
    judgements |= _explained(odd, believed, max_km)
    return Judged(
        judgements, believed[-1].reading.id if believed else None, calm_after=calm_after(ordered, back, chain)
    )


def _explained(odd: Sequence[Placed], believed: Sequence[Placed], max_km: int) -> dict[UUID, Judgement]:
    if not odd:
        return {}
    explainer = Explainer.beside(believed, max_km=max_km)
    places = [placed.place for placed in believed]
    judgements: dict[UUID, Judgement] = {}
    for placed in odd:
        candidates = explainer.candidates(placed, bisect_left(places, placed.place))
        verdict: Verdict = "quarantined" if candidates else "suspect"
        judgements[placed.reading.id] = Judgement(verdict, candidates)
    return judgements
