"""How often the rule's verdicts are right on the labelled histories, as docs/odometer.md shows it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from owners.domain.odometer.reading import Verdict
from owners.domain.odometer.verdict import judge
from tests.unit.owners.odometer_quality.histories import History, labelled_histories

DOCUMENT: Final = Path(__file__).parents[4] / "docs" / "odometer.md"
_VERDICTS: Final[tuple[Verdict, ...]] = ("ok", "suspect", "quarantined", "rollback", "replaced")
_BEGIN: Final = "<!-- measured: python -m tests.unit.owners.odometer_quality -->\n"
_END: Final = "<!-- measured, end -->\n"


@dataclass(frozen=True)
class Measured:
    """What was deserved and what was given, counted by kind of history."""

    histories: int
    outcomes: Counter[tuple[str, Verdict, Verdict]]

    def precision(self, verdict: Verdict) -> float | None:
        """Of the readings with this verdict, the share that deserves it; None when there is none."""
        return self._share(verdict, given=True)

    def recall(self, verdict: Verdict) -> float | None:
        """Of the readings that deserve this verdict, the share that has it; None when there is none."""
        return self._share(verdict, given=False)

    def of(self, *kinds: str) -> "Measured":
        """The same for some kinds only."""
        kept = {key: count for key, count in self.outcomes.items() if key[0] in kinds}
        return Measured(self.histories, Counter(kept))

    def count(self, *, deserved: Verdict, given: Verdict) -> int:
        """How many readings."""
        return sum(n for (_, one, other), n in self.outcomes.items() if (one, other) == (deserved, given))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds, in their order."""
        return tuple(dict.fromkeys(kind for kind, _, _ in self.outcomes))

    def _share(self, verdict: Verdict, *, given: bool) -> float | None:
        side = 2 if given else 1
        all_ = sum(count for key, count in self.outcomes.items() if key[side] == verdict)
        return self.count(deserved=verdict, given=verdict) / all_ if all_ else None


def measure(histories: Iterable[History]) -> Measured:
    """Judges each history as a whole."""
    outcomes: Counter[tuple[str, Verdict, Verdict]] = Counter()
    count = 0
    for history in histories:
        count += 1
        judgements = judge([one.reading for one in history.readings], history.replacements).judgements
        for one in history.readings:
            outcomes[history.kind, one.deserves, judgements[one.reading.id].verdict] += 1
    return Measured(count, outcomes)


def right_value_found(histories: Iterable[History]) -> tuple[int, int, int]:
    """Of quarantined slips: how many, with the right value among the candidates, with it as the first one."""
    slips = among = first = 0
    for history in histories:
        judgements = judge([one.reading for one in history.readings], history.replacements).judgements
        for one in history.readings:
            judgement = judgements[one.reading.id]
            if one.meant_km is not None and judgement.verdict == "quarantined":
                slips += 1
                near = [abs(km - one.meant_km) <= 1 for km in judgement.candidates_km]  # miles were rounded
                among += any(near)
                first += near[0]
    return slips, among, first


def section() -> str:
    """The measured part of the document."""
    histories = list(labelled_histories())
    measured = measure(histories)
    readings = measured.outcomes.total()
    slips, among, first = right_value_found(histories)
    lines = [
        f"{measured.histories} histories, {readings:,} readings.\n",
        "| verdict | deserved | given | precision | recall |",
        "|---|---|---|---|---|",
        *(_verdict_row(measured, verdict) for verdict in _VERDICTS),
        "",
        f"{slips} slips were quarantined: {among} have the right value among their candidates, {first} as the first.\n",
        "| history | readings | right | wrong: deserved → given |",
        "|---|---|---|---|",
        *(_kind_row(measured.of(kind), kind) for kind in measured.kinds),
    ]
    return "\n".join(lines) + "\n"


def written(document: str) -> str:
    """The document with its measured part made anew."""
    head, _, rest = document.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return head + _BEGIN + section() + _END + tail


def _verdict_row(measured: Measured, verdict: Verdict) -> str:
    deserved = sum(n for (_, one, _), n in measured.outcomes.items() if one == verdict)
    given = sum(n for (_, _, one), n in measured.outcomes.items() if one == verdict)
    shares = (measured.precision(verdict), measured.recall(verdict))
    told = " | ".join("-" if share is None else f"{share:.3f}" for share in shares)
    return f"| {verdict} | {deserved:,} | {given:,} | {told} |"


def _kind_row(measured: Measured, kind: str) -> str:
    wrong = {key: count for key, count in measured.outcomes.items() if key[1] != key[2]}
    all_ = measured.outcomes.total()
    told = ", ".join(f"{one} → {other}: {count:,}" for (_, one, other), count in sorted(wrong.items())) or "none"
    return f"| {kind} | {all_:,} | {1 - sum(wrong.values()) / all_:.3f} | {told} |"
