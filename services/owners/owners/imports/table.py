"""Text to cells: delimiter, quotes and line ends of a CSV file that tells nothing of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from owners.imports.rows import Limits, NotReadable

_DELIMITERS: Final = ",;\t"
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_QUOTED: Final = re.compile(r'"[^"]*"')
_END: Final = "\x00"
"""Follows the text as a line of its own: swallowed by a cell, it shows that a quote was never closed."""
_SAMPLED_LINES: Final = 40
_LINES_FOR_A_ROW: Final = 4
_LONGEST_RECORD: Final = 200_000


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row, and the line on which it begins (from 1)."""

    line: int
    cells: list[str]


def records(text: str, limits: Limits, *, escape: str | None = None) -> Iterator[Record]:
    """The rows that are not blank; raises NotReadable beyond `limits`."""
    lines = _Lines(text, limits)
    reader = csv.reader(lines, delimiter=delimiter_of(text), escapechar=escape)
    begin = 1
    try:
        for cells in reader:
            if cells == [_END]:
                return
            if reader.line_num == lines.last:
                raise NotReadable("open_quote", f"A quotation mark that opens on line {begin} is never closed.")
            if any(cells):
                _check(cells, begin, limits)
                yield Record(begin, cells)
            begin = reader.line_num + 1
            lines.record_done()
    except csv.Error:
        raise NotReadable("cell_too_long", f"Line {begin}: a cell is too long.") from None


def delimiter_of(text: str) -> str:
    """Semicolon, comma or tab: what stands outside of quotes on the most of the first lines, most often."""
    lines = [_QUOTED.sub("", line) for line in _first_lines(text)]

    def weight(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        return sum(count > 0 for count in counts), sum(counts)

    return max(_DELIMITERS, key=weight)


def _first_lines(text: str) -> Iterable[str]:
    for number, found in enumerate(_LINE.finditer(text, 0, _LONGEST_RECORD)):
        if number == _SAMPLED_LINES:
            return
        yield found.group()


def _check(cells: list[str], line: int, limits: Limits) -> None:
    if len(cells) > limits.columns:
        raise NotReadable("too_many_columns", f"Line {line} has more than {limits.columns} columns.")
    if max(map(len, cells)) > limits.cell_characters:
        raise NotReadable("cell_too_long", f"Line {line}: a cell is longer than {limits.cell_characters} characters.")


class _Lines:
    """The lines of a text one by one, never more of them than a row may have."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._found = _LINE.finditer(text)
        self._most = limits.rows * _LINES_FOR_A_ROW
        self._pending = 0
        self._count = 0
        self.last = -1

    def __iter__(self) -> Iterator[str]:
        for found in self._found:
            self._count += 1
            self._pending += found.end() - found.start()
            if self._pending > _LONGEST_RECORD:
                raise NotReadable("row_too_long", f"The row that ends on line {self._count} is too long.")
            if self._count > self._most:
                raise NotReadable("too_many_rows", f"This file has more than {self._most} lines.")
            yield found.group()
        self.last = self._count + 1
        yield _END

    def record_done(self) -> None:
        """Called when the reader has put a row together."""
        self._pending = 0
