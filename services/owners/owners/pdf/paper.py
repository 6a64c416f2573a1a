"""Text on pages of A4, as a PDF. Text is drawn and never parsed, so none of it is markup, a link or a script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import IO, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH: Final = 595
HEIGHT: Final = 842
_FONT: Final = "DejaVuSans"
_FILE: Final = Path(__file__).with_name("DejaVuSans.ttf")
_UNKNOWN: Final = "?"
_RULE_GREY: Final = 0.7
_FILLED: Final = 0
_FILLED_AND_STROKED: Final = 2  # one font does for both weights: the outline is drawn as well


class Paper:
    """A PDF under way: `end` writes it to the file. The same text gives the same bytes."""

    def __init__(self, file: IO[bytes], title: str) -> None:
        self._known = _characters()
        self._canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("CarPass")

    def width(self, text: str, size: float) -> float:
        """How wide a text is, in points."""
        return pdfmetrics.stringWidth(self._shown(text), _FONT, size)

    def write(self, text: str, x: float, y: float, size: float, *, bold: bool = False, grey: float = 0) -> None:
        """A line of text on the page that is open; `y` from its bottom."""
        canvas = self._canvas
        canvas.setFillGray(grey)
        canvas.setStrokeGray(grey)
        canvas.setLineWidth(size / 40)
        canvas.setFont(_FONT, size)
        canvas.drawString(x, y, self._shown(text), mode=_FILLED_AND_STROKED if bold else _FILLED)

    def rule(self, x: float, y: float, width: float) -> None:
        """A thin line."""
        self._canvas.setStrokeGray(_RULE_GREY)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(x, y, x + width, y)

    def end_page(self) -> None:
        """The page is full; what is written next stands on another one."""
        self._canvas.showPage()

    def end(self) -> None:
        """The document is complete."""
        self._canvas.save()

    def _shown(self, text: str) -> str:
        return "".join(character if ord(character) in self._known else _UNKNOWN for character in text)


@cache
def _characters() -> frozenset[int]:
    font = TTFont(_FONT, str(_FILE))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)
