"""What passes between the API and the process that reads a file: a job in, lines of JSON out."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from owners.domain.files import AttachedTo, MediaType
from owners.exchange.candidate import Candidate
from owners.imports.rows import CarDetails, Declared, Limits, Question, RowProblem

LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read. `time_zone` is the caller's own, for files that tell none."""

    declared: Declared
    time_zone: str
    now: datetime
    contents: bool = False
    """Whether the contents of files are asked for, which only what keeps them needs."""

    def dumped(self) -> bytes:
        """One line of JSON."""
        return orjson.dumps(self, default=dict) + b"\n"

    @classmethod
    def loaded(cls, line: bytes) -> Job:
        """From what `dumped` gave."""
        told = orjson.loads(line)
        declared = Declared(**told.pop("declared"))
        return cls(**told | {"declared": declared, "now": datetime.fromisoformat(told["now"])})


@dataclass(frozen=True, slots=True)
class FileCandidate:
    """A file in an archive which is what it is said to be. `line`: its place among the document's attachments, from 1.

    `external_id` is that of the record that it belongs to, and None of a photo.
    """

    line: int
    sha256: str
    name: str | None
    media_type: MediaType
    size: int
    belongs_to: AttachedTo
    external_id: str | None


@dataclass(slots=True)
class ReadFile:
    """A file as it was read, row by row in its order."""

    format: str = ""
    car: CarDetails | None = None
    candidates: list[Candidate] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    ignored: Mapping[str, int] = field(default_factory=dict)
    files: list[FileCandidate] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    """By SHA-256, if they were asked for."""

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
            case {"file": told}:
                self.files.append(FileCandidate(**told))
            case {"content": told}:
                self.contents[told["sha256"]] = b64decode(told["base64"])
            case {"head": told}:
                self.format, self.ignored = told["format"], told["ignored"]
                self.car = None if told["car"] is None else CarDetails(**told["car"])
                self.questions = [Question(**question) for question in told["questions"]]


def row_line(row: Candidate | RowProblem | FileCandidate) -> bytes:
    """A row, or a file, as one line of JSON."""
    name = "row" if isinstance(row, Candidate) else "problem" if isinstance(row, RowProblem) else "file"
    return orjson.dumps({name: row}, default=dict) + b"\n"


def content_line(sha256: str, content: bytes) -> bytes:
    """A file's content as one line of JSON."""
    return orjson.dumps({"content": {"sha256": sha256, "base64": b64encode(content).decode()}}) + b"\n"
