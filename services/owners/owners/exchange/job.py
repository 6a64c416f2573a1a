"""What passes between the API and the process that reads a file: a job in, lines of JSON out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from owners.exchange.candidate import Candidate
from owners.imports.rows import CarDetails, Declared, Limits, Question, RowProblem

LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read. `time_zone` is the caller's own, for files that tell none."""

    declared: Declared
    time_zone: str
    now: datetime

    def dumped(self) -> bytes:
        """One line of JSON."""
        return orjson.dumps(self, default=dict) + b"\n"

    @classmethod
    def loaded(cls, line: bytes) -> Job:
        """From what `dumped` gave."""
        told = orjson.loads(line)
        declared = Declared(**told.pop("declared"))
        return cls(**told | {"declared": declared, "now": datetime.fromisoformat(told["now"])})


@dataclass(slots=True)
class ReadFile:
    """A file as it was read, row by row in its order."""

    format: str = ""
    car: CarDetails | None = None
    candidates: list[Candidate] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    ignored: Mapping[str, int] = field(default_factory=dict)

    def dumped(self) -> Iterator[bytes]:
        """What is about the whole file as lines of JSON; its rows follow."""
        head = {"format": self.format, "car": self.car, "questions": self.questions, "ignored": self.ignored}
        yield orjson.dumps({"head": head}, default=dict) + b"\n"
        for problem in self.problems:
            yield row_line(problem)

    def take(self, line: Mapping[str, Any]) -> None:
        """Adds what one line tells."""
        match line:
            case {"row": told}:
                self.candidates.append(Candidate(**told))
            case {"problem": told}:
                self.problems.append(RowProblem(**told))
            case {"head": told}:
                self.format, self.ignored = told["format"], told["ignored"]
                self.car = None if told["car"] is None else CarDetails(**told["car"])
                self.questions = [Question(**question) for question in told["questions"]]


def row_line(row: Candidate | RowProblem) -> bytes:
    """A row as one line of JSON."""
    name = "row" if isinstance(row, Candidate) else "problem"
    return orjson.dumps({name: row}, default=dict) + b"\n"
