"""Tesseract's TSV output as lines of words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

_COLUMNS: Final = 12
_WORD_LEVEL: Final = "5"
_MOST_WORDS: Final = 2_000
_MOST_WORD_LENGTH: Final = 100
_LEAST_OVERLAP: Final = 0.5
_COLUMN_GAP: Final = 1.3  # of a letter's height; a space is about as wide as a letter is high


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its box of pixels; `confidence` is between 0 and 1."""

    text: str
    confidence: float
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Line:
    """Words that stand beside each other, from left to right."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        """The words with a space between, with two where columns meet: `2 100,00` is a number, `2  100,00` are two."""
        return "".join(gap + word.text for gap, word in zip(self._gaps, self.words, strict=True))

    @cached_property
    def _gaps(self) -> tuple[str, ...]:
        between = (
            "  " if after.left - before.left - before.width > _COLUMN_GAP * max(before.height, after.height) else " "
            for before, after in pairwise(self.words)
        )
        return ("", *between)

    @cached_property
    def height(self) -> int:
        """Of the highest word, in pixels."""
        return max(word.height for word in self.words)

    def confidence(self, start: int, end: int) -> float:
        """Of the least sure word that has a part in `text[start:end]`."""
        least, at = 1.0, 0
        for gap, word in zip(self._gaps, self.words, strict=True):
            at += len(gap)
            if at < end and start < at + len(word.text):
                least = min(least, word.confidence)
            at += len(word.text)
        return least


def lines_of(tsv: str) -> list[Line]:
    """The lines from top to bottom.

    What tesseract takes for columns (the titles left, the amounts right) is put together again by height.
    """
    read: dict[tuple[str, ...], list[Word]] = defaultdict(list)
    for number, row in enumerate(tsv.splitlines()):
        if number > _MOST_WORDS:
            break
        cells = row.split("\t")
        if len(cells) == _COLUMNS and cells[0] == _WORD_LEVEL and (word := _word(cells)) is not None:
            read[tuple(cells[1:5])].append(word)
    rows: list[list[Word]] = []
    for words in sorted(read.values(), key=_top):
        beside = next((row for row in reversed(rows) if _stands_beside(row, words)), None)
        if beside is None:
            rows.append(list(words))
        else:
            beside.extend(words)
    return [Line(tuple(sorted(row, key=lambda word: word.left))) for row in sorted(rows, key=_top)]


def _word(cells: list[str]) -> Word | None:
    text = cells[11].strip()[:_MOST_WORD_LENGTH]
    try:
        left, top, width, height = (int(cell) for cell in cells[6:10])
        confidence = float(cells[10]) / 100
    except ValueError:
        return None
    if not text or not 0 <= confidence <= 1:
        return None
    return Word(text, confidence, left, top, width, height)


def _top(words: Iterable[Word]) -> float:
    """Where the words' middle is, from the top."""
    tops = [word.top + word.height / 2 for word in words]
    return sum(tops) / len(tops)


def _stands_beside(row: list[Word], words: list[Word]) -> bool:
    first, second = _box(row), _box(words)
    overlap = min(first[3], second[3]) - max(first[1], second[1])
    lower = min(first[3] - first[1], second[3] - second[1])
    apart = first[2] <= second[0] or second[2] <= first[0]
    return apart and overlap > _LEAST_OVERLAP * lower


def _box(words: list[Word]) -> tuple[int, int, int, int]:
    return (
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.left + word.width for word in words),
        max(word.top + word.height for word in words),
    )
