"""An Office Open XML workbook as the text table that it would be saved as."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from owners.imports.archive import check_bounds
from owners.imports.rows import Limits, NotReadable

_MOST_COLUMNS: Final = 200
_DAMAGED: Final = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
)


def as_table(data: bytes, limits: Limits) -> bytes:
    """The first sheet as CSV in UTF-8: dates as ISO 8601, numbers with a point; raises NotReadable.

    Of a formula its last result counts; a workbook whose results nobody computed has none.
    """
    check_bounds(data, limits)
    output = io.StringIO()
    written = csv.writer(output)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its size need not be true
        for number, row in enumerate(sheet.iter_rows(values_only=True)):
            if number > limits.rows + 1:
                raise NotReadable("too_many_rows", f"A file may have at most {limits.rows} rows.")
            written.writerow([_text(value) for value in row[:_MOST_COLUMNS]])
    except _DAMAGED as error:
        raise NotReadable("broken_workbook", "This workbook is damaged. Save it as CSV, and send that.") from error
    return output.getvalue().encode()


def _text(value: object) -> str:  # noqa: PLR0911 -- one arm per kind of cell
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
        case float():
            return format(value, ".15g") if abs(value) < 1e15 else repr(value)  # noqa: PLR2004 -- a float's exact range
        case _:
            return str(value)
