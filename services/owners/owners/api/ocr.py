"""What a photo says: candidates for whoever enters a fill, a service or a reading. Writes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, TypeAdapter

from chassis.http import ApiModel, Caller, Reader
from chassis.problems import Invalid, Problem
from owners.api.context import Now, Owners
from owners.commands.time_zone import zone_of
from owners.domain.files import media_type_of
from owners.domain.local_time import local_date
from owners.ocr.candidates import Kind, Preview
from owners.ocr.job import NotRecognised
from owners.ocr.lines import lines_of
from owners.ocr.preview import is_empty, preview
from owners.ocr.sandbox import Busy

PATH: Final = "/v1/ocr/preview"
_PREVIEW: Final = TypeAdapter(Preview)

router = APIRouter(tags=["recognition"])


class RecognitionMissing(Problem):
    """This installation has no tesseract."""

    status = 503
    slug = "recognition-missing"
    title = "Text cannot be recognised here"
    detail = (
        "No code was found in the image, and tesseract is not installed: apt install tesseract-ocr tesseract-ocr-rus."
    )


class RecognitionBusy(Problem):
    """Others wait as well."""

    status = 503
    slug = "recognition-busy"
    title = "Other images are being looked at"
    detail = "Try again in a moment."


class PreviewQuery(ApiModel):
    """What the image shows, if that is known."""

    kind: Annotated[Kind | None, Field(description="Left out: whatever it may be.")] = None


@router.post(
    PATH,
    response_model=Preview,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A JPEG, PNG or WEBP image of at most 10 MB and 24 megapixels.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def preview_image(
    *, request: Request, caller: Caller, tx: Reader, now: Now, context: Owners, asked: Annotated[PreviewQuery, Query()]
) -> Response:
    """What the image may say: a fuel receipt, an invoice, an odometer or a VIN plate; nothing is stored.

    Each candidate comes with a confidence and the text that it was read from. The QR code of a fiscal receipt is exact:
    date, time, total and a key that is the same for every photo of it. 422 when nothing is found.
    """
    image = await request.body()
    if media_type_of(image) == "application/pdf":
        raise Invalid("A preview is made of images.", slug="unsupported-file")
    latest = local_date(now, await zone_of(tx, None, caller.user_id)) + timedelta(days=1)
    try:
        seen = await context.eye.look(image, asked.kind)
    except NotRecognised as error:
        raise Invalid(error.message, slug=error.code) from error
    except Busy:
        raise RecognitionBusy from None
    found = preview(lines_of(seen.tsv), seen.barcodes, kind=asked.kind, latest=latest)
    if is_empty(found):
        if seen.tesseract == "missing":
            raise RecognitionMissing
        raise Invalid(
            "Nothing was recognised in the image. A sharp photo from above, in good light, helps.",
            slug="nothing-recognised",
        )
    return Response(_PREVIEW.dump_json(found), media_type="application/json", headers={"Cache-Control": "no-store"})
