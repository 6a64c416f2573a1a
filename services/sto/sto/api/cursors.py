"""Where a page of a search by distance ends. Pages sorted by time have the chassis' cursors."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import Final
from uuid import UUID

from chassis.problems import BadRequest

_CURSOR: Final = struct.Struct(">3sd16s")  # longer than a cursor by time, so that neither is taken for the other
_MARK: Final = b"far"


def encode_distance(distance_m: float, row_id: UUID) -> str:
    """The position as opaque text; the distance survives it bit by bit."""
    return base64.urlsafe_b64encode(_CURSOR.pack(_MARK, distance_m, row_id.bytes)).decode("ascii")


def decode_distance(cursor: str) -> tuple[float, UUID]:
    """The position in a cursor; raises BadRequest (400) for anything that `encode_distance` did not make."""
    try:
        mark, distance_m, id_bytes = _CURSOR.unpack(
            base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        )
    except (ValueError, binascii.Error, struct.error) as error:
        raise BadRequest("The cursor is not one of ours.", slug="bad-cursor") from error
    if mark != _MARK or not math.isfinite(distance_m):
        raise BadRequest("The cursor is not one of ours.", slug="bad-cursor")
    return distance_m, UUID(bytes=id_bytes)
