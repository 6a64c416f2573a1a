"""Text on pages of A4, as a PDF (ISO 32000): written page by page, with a part of one font.

Text is written as numbers of glyphs and as nothing else, so that none of it is a command, a link or a script.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import IO, Final

from owners.pdf.font import Font

WIDTH: Final = 595
HEIGHT: Final = 842
_CATALOG, _PAGES, _FONT, _DESCENDANT, _DESCRIPTOR, _PROGRAM, _UNICODE, _INFO = range(1, 9)
_FIRST_FREE: Final = 9
_NAME: Final = "CARPAS+DejaVuSans"
_IN_A_ROW: Final = 100
_UNKNOWN: Final = "?"


class Paper:
    """A PDF under way, into a file that need not be able to seek."""

    def __init__(self, file: IO[bytes], font: Font, title: str) -> None:
        self._file = file
        self._font = font
        self._title = title
        self._at = 0
        self._places: dict[int, int] = {}
        self._pages: list[int] = []
        self._used: dict[int, str] = {}
        self._marks: list[str] = []
        self._put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def width(self, text: str, size: float) -> float:
        """How wide a text is, in points."""
        return sum(self._font.width(self._glyph(character)) for character in text) * size / 1_000

    def write(self, text: str, x: float, y: float, size: float, *, bold: bool = False, grey: float = 0) -> None:
        """A line of text on the page that is open; `y` from its bottom."""
        glyphs = [(self._glyph(character), character) for character in text]
        for glyph, character in glyphs:
            self._used.setdefault(glyph, character)
        codes = "".join(f"{glyph:04x}" for glyph, _ in glyphs)
        weight = f"2 Tr {size / 40:.2f} w" if bold else "0 Tr"  # the outline is drawn as well: one font does for both
        colour = f"{grey} g {grey} G"
        self._marks.append(f"BT {colour} {weight} /F {size} Tf {x:.2f} {y:.2f} Td <{codes}> Tj ET")

    def rule(self, x: float, y: float, width: float) -> None:
        """A thin line."""
        self._marks.append(f"0.7 G 0.5 w {x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S")

    def end_page(self) -> None:
        """The page is full; what is written next stands on another one."""
        page = _FIRST_FREE + 2 * len(self._pages)
        self._pages.append(page)
        self._object(
            page,
            f"<</Type/Page/Parent {_PAGES} 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]"
            f"/Resources<</Font<</F {_FONT} 0 R>>>>/Contents {page + 1} 0 R>>",
        )
        self._stream(page + 1, "\n".join(self._marks).encode())
        self._marks.clear()

    def end(self) -> None:
        """The document is complete."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(_CATALOG, f"<</Type/Catalog/Pages {_PAGES} 0 R>>")
        self._object(_PAGES, f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>")
        self._object(_INFO, f"<</Title <feff{self._title.encode('utf-16-be').hex()}>/Producer(CarPass)>>")
        self._font_objects()
        count = max(self._places) + 1
        start = self._at
        rows = "".join(f"{self._places[number]:010} 00000 n \n" for number in range(1, count))
        self._put(f"xref\n0 {count}\n0000000000 65535 f \n{rows}".encode())
        self._put(
            f"trailer<</Size {count}/Root {_CATALOG} 0 R/Info {_INFO} 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
        )

    def _glyph(self, character: str) -> int:
        return self._font.glyphs.get(ord(character)) or self._font.glyphs[ord(_UNKNOWN)]

    def _font_objects(self) -> None:
        font, used = self._font, sorted(self._used)
        box = " ".join(map(str, font.box))
        widths = " ".join(f"{glyph}[{font.width(glyph)}]" for glyph in used)
        self._object(
            _FONT,
            f"<</Type/Font/Subtype/Type0/BaseFont/{_NAME}/Encoding/Identity-H"
            f"/DescendantFonts[{_DESCENDANT} 0 R]/ToUnicode {_UNICODE} 0 R>>",
        )
        self._object(
            _DESCENDANT,
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{_NAME}/CIDToGIDMap/Identity"
            "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            f"/FontDescriptor {_DESCRIPTOR} 0 R/DW 600/W[{widths}]>>",
        )
        self._object(
            _DESCRIPTOR,
            f"<</Type/FontDescriptor/FontName/{_NAME}/Flags 4/FontBBox[{box}]/ItalicAngle 0/Ascent {font.ascent}"
            f"/Descent {font.descent}/CapHeight {font.ascent}/StemV 80/FontFile2 {_PROGRAM} 0 R>>",
        )
        program = font.part(used)
        self._stream(_PROGRAM, program, f"/Length1 {len(program)}")
        self._stream(_UNICODE, _to_unicode([(glyph, self._used[glyph]) for glyph in used]))

    def _object(self, number: int, content: str) -> None:
        self._places[number] = self._at
        self._put(f"{number} 0 obj\n{content}\nendobj\n".encode())

    def _stream(self, number: int, content: bytes, more: str = "") -> None:
        packed = zlib.compress(content)
        self._places[number] = self._at
        self._put(f"{number} 0 obj\n<</Filter/FlateDecode/Length {len(packed)}{more}>>\nstream\n".encode())
        self._put(packed)
        self._put(b"\nendstream\nendobj\n")

    def _put(self, piece: bytes) -> None:
        self._file.write(piece)
        self._at += len(piece)


def _to_unicode(used: Sequence[tuple[int, str]]) -> bytes:
    """What each glyph means, for those who search and copy."""
    parts = [
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapType 2 def/CMapName/Text def",
        "1 begincodespacerange<0000><ffff>endcodespacerange",
    ]
    for start in range(0, len(used), _IN_A_ROW):
        some = used[start : start + _IN_A_ROW]
        rows = "".join(f"<{glyph:04x}><{character.encode('utf-16-be').hex()}>" for glyph, character in some)
        parts.append(f"{len(some)} beginbfchar{rows}endbfchar")
    parts.append("endcmap CMapName currentdict/CMap defineresource pop end end")
    return "\n".join(parts).encode()
