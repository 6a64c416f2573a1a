"""Headings, paragraphs and tables, from the top of a page to its bottom and on to the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from owners.pdf.paper import HEIGHT, WIDTH, Paper

_MARGIN: Final = 42
_BOTTOM: Final = 60
_ROOM: Final = WIDTH - 2 * _MARGIN
_TEXT: Final = 8.5
_LEADING: Final = 1.35
_GAP: Final = 6
_GREY: Final = 0.45

TOGETHER: Final = "\u00a0"
"""A blank at which no line ends."""


class Column(NamedTuple):
    """A table's column; `share` of the page's width, of which all columns' make 1."""

    title: str
    share: float
    to_right: bool = False


class Layout:
    """Where the next line goes. `footer`: what stands below each page, by its number."""

    def __init__(self, paper: Paper, footer: Callable[[int], str]) -> None:
        self._paper = paper
        self._footer = footer
        self._page = 1
        self._y: float = HEIGHT - _MARGIN

    def heading(self, text: str, size: float = 12) -> None:
        """A line above what follows, never alone at the bottom."""
        self._keep(5 * size)
        self._y -= size / 2
        for line in wrapped(self._paper, text, size, _ROOM):
            self._line(line, _MARGIN, size, bold=True)

    def paragraph(self, text: str, *, grey: bool = False) -> None:
        """Text over the whole width."""
        for line in wrapped(self._paper, text, _TEXT, _ROOM):
            self._line(line, _MARGIN, _TEXT, grey=_GREY if grey else 0)

    def table(self, columns: Sequence[Column], rows: Iterator[Sequence[str]]) -> None:
        """Rows under their titles, which each page has again; a row too long for a page goes on on the next."""
        self._titles(columns)
        for row in rows:
            cells = [
                wrapped(self._paper, text, _TEXT, column.share * _ROOM - _GAP)
                for column, text in zip(columns, row, strict=True)
            ]
            for number in range(max(map(len, cells))):
                if self._y - _TEXT * _LEADING < _BOTTOM:
                    self._turn()
                    self._titles(columns)
                self._row(columns, [lines[number] if number < len(lines) else "" for lines in cells])
            self._y -= 2
        self._y -= 4

    def end(self) -> None:
        """The last page is complete."""
        self._end_page()

    def _titles(self, columns: Sequence[Column]) -> None:
        self._keep(4 * _TEXT)
        cells = [wrapped(self._paper, column.title, _TEXT, column.share * _ROOM - _GAP) for column in columns]
        for number in range(max(map(len, cells))):
            titles = [lines[number] if number < len(lines) else "" for lines in cells]
            self._row(columns, titles, bold=True)
        self._paper.rule(_MARGIN, self._y - 2, _ROOM)
        self._y -= 4

    def _row(self, columns: Sequence[Column], texts: Sequence[str], *, bold: bool = False) -> None:
        self._y -= _TEXT * _LEADING
        x: float = _MARGIN
        for column, text in zip(columns, texts, strict=True):
            room = column.share * _ROOM
            shift = room - _GAP - self._paper.width(text, _TEXT) if column.to_right else 0
            if text:
                self._paper.write(text, x + shift, self._y, _TEXT, bold=bold)
            x += room

    def _line(self, text: str, x: float, size: float, *, bold: bool = False, grey: float = 0) -> None:
        self._keep(size * _LEADING)
        self._y -= size * _LEADING
        self._paper.write(text, x, self._y, size, bold=bold, grey=grey)

    def _keep(self, room: float) -> None:
        if self._y - room < _BOTTOM:
            self._turn()

    def _turn(self) -> None:
        self._end_page()
        self._page += 1
        self._y = HEIGHT - _MARGIN

    def _end_page(self) -> None:
        [line, *_] = wrapped(self._paper, self._footer(self._page), _TEXT, _ROOM)
        self._paper.write(line, _MARGIN, _MARGIN - 6, _TEXT, grey=_GREY)
        self._paper.end_page()


def wrapped(paper: Paper, text: str, size: float, room: float) -> list[str]:
    """The text in lines of at most that width; what cannot be shown is a blank, and a word too long is broken."""
    lines: list[str] = []
    for part in text.splitlines() or [""]:
        shown = "".join(character if _is_shown(character) else " " for character in part)
        line = ""
        for word in filter(None, shown.split(" ")):
            longer = f"{line} {word}" if line else word
            if paper.width(longer, size) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = broken(paper, word, size, room)
            lines += full
        lines.append(line)
    return lines


def _is_shown(character: str) -> bool:
    return character.isprintable() or character == TOGETHER


def broken(paper: Paper, word: str, size: float, room: float) -> Iterator[str]:
    """A word in pieces of at most that width, each of a character at least."""
    piece, taken = "", 0.0
    for character in word:
        width = paper.width(character, size)
        if piece and taken + width > room:
            yield piece
            piece, taken = "", 0.0
        piece += character
        taken += width
    yield piece
