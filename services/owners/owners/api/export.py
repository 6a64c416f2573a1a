"""A car's life as a file, for its owner to take along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from chassis.http import ApiModel, Caller, http_context
from contracts.exchange import ExchangeDocument
from owners.api.context import Now
from owners.exchange.archive_writer import archive_of
from owners.exchange.workbook import workbook_of
from owners.export import export_contents, export_document, export_fuelio, export_life, export_sheet
from owners.pdf.worker import pdf_of

_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(tags=["exchange"])


class ExportQuery(ApiModel):
    """Which form it takes."""

    format: Annotated[
        Literal["carpass", "zip", "csv", "xlsx", "fuelio", "pdf"],
        Query(
            description="`carpass`: JSON, carpass.exchange.v1, which an import gives back whole. `zip`: the same as "
            "`car.json`, with each file once as `attachments/<sha256>`; an import takes one of at most 10 MB, and of a "
            "bigger one its `car.json` alone. `csv`: the records as one table for spreadsheets, which an import takes "
            "as well; what looks like a formula is neutralised. `xlsx`: the same table as a workbook. `fuelio`: fills "
            "and costs as that app takes them in. `pdf`: a report to be read, in the language of the caller's profile."
        ),
    ] = "carpass"


@router.get(
    "/v1/cars/{car_id}/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "model": ExchangeDocument,
            "description": "The document, or another form of it, as a file.",
            "content": {name: {} for name in ("application/zip", "application/pdf", "text/csv", _WORKBOOK)},
        }
    },
)
async def export_car(
    car_id: UUID, request: Request, caller: Caller, now: Now, asked: Annotated[ExportQuery, Query()]
) -> StreamingResponse:
    """Everything about the car that its owner may see, with provenance; for its owner only (403).

    The same car gives the same bytes under `data`. `origin` says where each record comes from: an import keeps that
    and believes none of it.
    """
    database = http_context(request).database
    async with database.transaction(user_id=caller.user_id, read_only=True, snapshot=True) as tx:
        if asked.format == "csv":
            table = await export_sheet(tx, car_id, caller.user_id)
            return _file(table.pieces(), "text/csv; charset=utf-8", f"carpass-{car_id}.csv")
        if asked.format == "fuelio":
            backup = await export_fuelio(tx, car_id, caller.user_id)
            return _file(backup.pieces(), "text/csv; charset=utf-8", "vehicle-1-sync.csv")
        if asked.format == "pdf":
            life = await export_life(tx, car_id, caller.user_id, now=now)
            return _file(pdf_of(life.pieces()), "application/pdf", f"carpass-{car_id}.pdf")
        if asked.format == "xlsx":
            table = await export_sheet(tx, car_id, caller.user_id)
            return _file(workbook_of(table.pieces()), _WORKBOOK, f"carpass-{car_id}.xlsx")
        document = await export_document(tx, car_id, caller.user_id, now=now)
    if asked.format == "zip":
        contents = export_contents(database, document, car_id, caller.user_id)
        return _file(archive_of(document, contents), "application/zip", f"carpass-{car_id}.zip")
    return _file(document.pieces(), "application/json", f"carpass-{car_id}.json")


def _file(pieces: Iterator[bytes] | AsyncIterator[bytes], media_type: str, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
