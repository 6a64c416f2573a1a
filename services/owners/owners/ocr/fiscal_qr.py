"""The QR code of a Russian fiscal receipt (order ED-7-20/662): `t=20240312T1435&s=2158.94&fn=…&i=…&fp=…&n=1`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import parse_qsl

from owners.ocr.candidates import FiscalSign

type Operation = Literal["sale", "sale_refund", "purchase", "purchase_refund"]

_FIELDS: Final = frozenset({"t", "s", "fn", "i", "fp", "n"})
_OPERATIONS: Final[dict[str, Operation]] = {
    "1": "sale",
    "2": "sale_refund",
    "3": "purchase",
    "4": "purchase_refund",
}
_MOMENT: Final = re.compile(r"\d{8}T\d{4}(?:\d{2})?", re.ASCII)
_SUM: Final = re.compile(r"\d{1,12}(?:\.\d{1,2})?", re.ASCII)
_DRIVE: Final = re.compile(r"\d{16}", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,10}", re.ASCII)
_LONGEST: Final = 300
_WITH_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class FiscalCode:
    """Exact date, local time and total in roubles."""

    moment: datetime
    total: Decimal
    sign: FiscalSign
    text: str


def fiscal_code(text: str) -> FiscalCode | None:
    """The code, or None for one that is no fiscal receipt's."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    pairs = parse_qsl(text, keep_blank_values=True)
    fields = {name: value for name, value in pairs if name in _FIELDS}
    if len([name for name, _ in pairs if name in _FIELDS]) != len(fields) or not _FIELDS - {"n"} <= fields.keys():
        return None
    numbers = (_DRIVE.fullmatch(fields["fn"]), _NUMBER.fullmatch(fields["i"]), _NUMBER.fullmatch(fields["fp"]))
    moment = _moment(fields["t"])
    if None in numbers or moment is None or not _SUM.fullmatch(fields["s"]):
        return None
    key = f"{fields['fn']}-{int(fields['i'])}-{int(fields['fp'])}"
    sign = FiscalSign(key, _OPERATIONS.get(fields.get("n", "")))
    return FiscalCode(moment, Decimal(fields["s"]), sign, text)


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        # No zone: the receipt's own clock.
        return datetime.strptime(text, "%Y%m%dT%H%M%S" if len(text) == _WITH_SECONDS else "%Y%m%dT%H%M")  # noqa: DTZ007
    except ValueError:
        return None
