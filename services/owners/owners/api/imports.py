"""Takes in a file: shown first, then, when its sender agrees, all of it at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from chassis.auth import Principal
from chassis.db import Transaction
from chassis.http import Acting, Answer, Caller, HttpContext, http_context
from chassis.http.errors import problem_response
from chassis.problems import BadRequest, Invalid, Problem
from owners.api.context import Now, Owners
from owners.api.import_schemas import DifferenceResponse, ImportQuery, difference_response
from owners.commands.access import demand
from owners.commands.import_file import Imported, Progress, import_file, preview_file
from owners.commands.time_zone import zone_of
from owners.db.cars import find_car
from owners.domain.access import Right
from owners.exchange.job import Job, ReadFile
from owners.exchange.sandbox import Busy, Reader
from owners.imports.rows import NotReadable

PATH: Final = "/v1/imports"
DEADLINE_SECONDS: Final = 120.0
_EVENTS: Final = "text/event-stream"

router = APIRouter(tags=["exchange"])


class OthersImport(Problem):
    """Others wait as well."""

    status = 503
    slug = "import-busy"
    title = "Other files are being read"
    detail = "Nothing was changed. Try again in a moment."


class TakesTooLong(Problem):
    """Nothing of it was done."""

    status = 503
    slug = "import-deadline"
    title = "The import took too long"
    detail = "Nothing was changed. Try again, or split the file."


@router.post(
    PATH,
    response_model=DifferenceResponse,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself, of at most 10 MB and 50,000 records: a carpass.exchange.v1 document, "
            "also as a zip with its files (a bigger one is refused: send its `car.json`, and attach the files); "
            "or an export of Fuelio (also its zipped backup), Drivvo, aCar, Fuelly, Spritmonitor or LubeLogger, "
            "or another CSV with a header; workbooks (XLSX) as well.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def import_car_file(
    *, request: Request, caller: Caller, now: Now, context: Owners, asked: Annotated[ImportQuery, Query()]
) -> Response:
    """Shows what a file would change (dry run), or changes it (commit, with the hash of the dry run and a key).

    What the file leaves open (units, currency, the order of dates) comes back as questions: nothing is guessed.
    For the car's owner and managers (403). A commit adds the new rows, all or none, as the caller's own words: never
    attested, whatever the file says. 409 when the difference is no longer what was shown. The same file twice adds
    nothing. With `Accept: text/event-stream` the answer is a stream: `progress`, then `result` or `problem`.
    """
    work = _Work(request, caller, now, context.reader, asked, await request.body())
    await work.demand()
    if _EVENTS in request.headers.get("accept", ""):
        return StreamingResponse(
            _streamed(http_context(request), work), media_type=_EVENTS, headers={"Cache-Control": "no-store"}
        )
    return await _in_time(work, _unheard)


@dataclass(frozen=True, slots=True)
class _Work:
    """What one request asks; called, it is done, while progress is told."""

    request: Request
    caller: Principal
    now: datetime
    reader: Reader
    asked: ImportQuery
    data: bytes

    async def demand(self) -> None:
        """Refuses what can be refused at once, before a stream begins, whose status is 200."""
        if self.asked.mode == "commit" and self.asked.hash is None:
            raise BadRequest("A commit needs the hash of the dry run.", slug="hash-required")
        async with http_context(self.request).database.transaction(user_id=self.caller.user_id, read_only=True) as tx:
            await demand(tx, self.asked.car_id, self.caller.user_id, Right.EDIT_ENTRIES)

    async def __call__(self, progress: Progress) -> Response:
        database = http_context(self.request).database
        user_id = self.caller.user_id
        async with database.transaction(user_id=user_id, read_only=True) as tx:
            await demand(tx, self.asked.car_id, user_id, Right.EDIT_ENTRIES)
            zone = await zone_of(tx, None, user_id)
            car = await find_car(tx, self.asked.car_id)
        declared = self.asked.declared()
        if declared.energy_kind is None and car is not None and len(car.energy_kinds) == 1:
            declared = replace(declared, energy_kind=car.energy_kinds[0])
        try:
            read = await self.reader.read(
                self.data, Job(declared, zone, self.now, contents=self.asked.mode == "commit")
            )
        except Busy:
            raise OthersImport from None
        except NotReadable as error:
            raise Invalid(str(error), slug=f"import-{error.code.replace('_', '-')}") from error
        if self.asked.mode == "commit":
            return await self._commit(read, progress)
        async with database.transaction(user_id=user_id, read_only=True, snapshot=True) as tx:
            found = await preview_file(tx, self.asked.car_id, read, caller_id=user_id)
        return Answer(200, difference_response(found, read, "dry-run")).response()

    async def _commit(self, read: ReadFile, progress: Progress) -> Response:
        expected = self.asked.hash or ""  # there is one: see demand
        if read.questions:
            open_fields = ", ".join(question.field for question in read.questions)
            raise Invalid(f"The file leaves open: {open_fields}. Tell them in the query.", slug="import-questions")

        async def use_case(tx: Transaction) -> Imported:
            return await import_file(
                tx,
                self.asked.car_id,
                read,
                expected_hash=expected,
                caller_id=self.caller.user_id,
                now=self.now,
                progress=progress,
            )

        # The question is part of what is asked under a key, not only the file.
        question = self.request.url.query.encode() + b"\n" + self.data
        action = Acting(http_context(self.request), self.request, self.caller, question)
        return await action.run(
            use_case, lambda done: Answer(200, difference_response(done.difference, read, "commit"))
        )


async def _in_time(work: Callable[[Progress], Awaitable[Response]], progress: Progress) -> Response:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await work(progress)
    except TimeoutError as error:
        raise TakesTooLong from error


async def _streamed(context: HttpContext, work: Callable[[Progress], Awaitable[Response]]) -> AsyncIterator[bytes]:
    """The work's progress as server-sent events, its answer as the last one; who goes away ends the work."""
    told: asyncio.Queue[bytes | None] = asyncio.Queue()
    task = asyncio.create_task(_in_time(work, lambda done, of: told.put_nowait(_progress(done, of))))
    task.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (event := await told.get()) is not None:
            yield event
        yield _last(context, task)
    finally:
        task.cancel()
        await asyncio.wait([task])


def _last(context: HttpContext, task: asyncio.Task[Response]) -> bytes:
    try:
        return _event("result", bytes(task.result().body))
    except Problem as problem:
        return _event("problem", bytes(problem_response(problem).body))
    except Exception as error:
        kind = context.kind_of(error)
        if kind is None:
            raise
        return _event("problem", bytes(problem_response(kind.problem(error)).body))


def _progress(done: int, of: int) -> bytes:
    return _event("progress", f'{{"done":{done},"total":{of}}}'.encode())


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _unheard(_done: int, _of: int) -> None:
    """Nobody asked for progress."""
