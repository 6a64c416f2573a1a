"""`python -m owners.exchange.worker`: reads one file that somebody sent, with little memory and no secrets.

Standard input: a job, then the file. Standard output: lines of JSON (job.py).
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

import orjson

from owners.exchange import sheet
from owners.exchange.candidate import Candidate
from owners.exchange.from_archive import FilesIn, is_car_archive, opened
from owners.exchange.from_document import candidates_of, car_of, is_document, left_out_of, loaded
from owners.exchange.from_rows import candidate_of
from owners.exchange.job import LIMITS, Job, ReadFile, row_line
from owners.imports.archive import Archive, is_workbook
from owners.imports.reading import parse
from owners.imports.rows import NotReadable, RowProblem
from owners.imports.workbook import as_table

MEMORY_BYTES: Final = 1 << 30
CPU_SECONDS: Final = 60
CARPASS: Final = "carpass"


def main() -> None:
    """Reads the job, writes what became of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = Job.loaded(sys.stdin.buffer.readline())
    write = sys.stdout.buffer.write
    try:
        for line in lines(sys.stdin.buffer.read(), job):
            write(line)
    except NotReadable as error:
        write(orjson.dumps({"not_readable": {"code": error.code, "message": error.message}}) + b"\n")
    except (MemoryError, RecursionError):
        write(orjson.dumps({"not_readable": {"code": "too_complex", "message": "The file takes too much to read."}}))
        write(b"\n")
    write(b'{"end":true}\n')
    sys.stdout.buffer.flush()


def lines(data: bytes, job: Job) -> Iterator[bytes]:
    """The file as lines of JSON; raises NotReadable."""
    if len(data) > LIMITS.file_bytes:
        raise NotReadable("too_large", f"A file may have at most {LIMITS.file_bytes} bytes.")
    if job.declared.format in (None, CARPASS) and is_car_archive(data):
        data, archive = opened(data, LIMITS)
        yield from _of_document(loaded(data, LIMITS), job, archive)
        return
    if is_workbook(data):
        data = as_table(data, LIMITS)
    if job.declared.format in (None, CARPASS) and is_document(data):
        yield from _of_document(loaded(data, LIMITS), job)
        return
    if job.declared.format in (None, CARPASS) and sheet.is_sheet(data):
        yield from ReadFile(format=CARPASS).dumped()
        yield from _bounded(sheet.rows_of(data, LIMITS, job.now))
        return
    if job.declared.format == CARPASS:
        raise NotReadable("unknown_format", "This is no carpass.exchange.v1 document, nor its table.")
    parsed = parse(data, declared=job.declared, limits=LIMITS)
    if len(parsed.problems) > LIMITS.problems:
        raise NotReadable("too_many_problems", f"More than {LIMITS.problems} rows cannot be read.")
    head = ReadFile(parsed.format, parsed.car, [], list(parsed.problems), list(parsed.questions), parsed.ignored)
    yield from head.dumped()
    time_zone = job.declared.time_zone or job.time_zone
    rows = (candidate_of(row, source=parsed.format, time_zone=time_zone, now=job.now) for row in parsed.rows)
    yield from _bounded(rows, len(parsed.problems))


def _of_document(document: Mapping[str, Any], job: Job, archive: Archive | None = None) -> Iterator[bytes]:
    """A document, and its files if they came with it."""
    ignored = left_out_of(document)
    if archive is None and document.get("attachments"):
        ignored["files"] = len(document["attachments"])
    yield from ReadFile(format=CARPASS, car=car_of(document), ignored=ignored).dumped()
    rows: Iterable[Candidate | RowProblem | bytes] = candidates_of(document, job.now)
    if archive is not None:
        rows = chain(rows, FilesIn(document, archive).lines(contents=job.contents))
    yield from _bounded(rows)


def _bounded(rows: Iterable[Candidate | RowProblem | bytes], problems: int = 0) -> Iterator[bytes]:
    """The rows; raises NotReadable when most of them are wrong, for then something else is."""
    for row in rows:
        problems += isinstance(row, RowProblem)
        if problems > LIMITS.problems:
            raise NotReadable("too_many_problems", f"More than {LIMITS.problems} rows cannot be read.")
        yield row if isinstance(row, bytes) else row_line(row)


if __name__ == "__main__":
    main()
