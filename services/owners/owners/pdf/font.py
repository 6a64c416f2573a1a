"""A TrueType font, read as far as a PDF needs it: glyphs of characters, their widths, and a part of it to embed."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("DejaVuSans.ttf")
_EMBEDDED: Final = (b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep")
_WORDS: Final = 0x1
_ARGS_XY_SCALE: Final = 0x8
_MORE: Final = 0x20
_XY_SCALE: Final = 0x40
_TWO_BY_TWO: Final = 0x80
_PER_EM: Final = 1_000


class Font:
    """`glyphs`: the glyph of each character (code point). Lengths are in thousandths of the size."""

    def __init__(self, data: bytes) -> None:
        """`data`: the file's content, of a font with outlines in `glyf` and long offsets."""
        self._data = data
        self._tables = {
            tag: (start, size)
            for tag, _, start, size in struct.iter_unpack(">4sLLL", data[12 : 12 + 16 * _unsigned(data, 4)])
        }
        head = self._table(b"head")
        hhea = self._table(b"hhea")
        self._scale = _PER_EM / _unsigned(head, 18)
        self.box = tuple(self._scaled(value) for value in struct.unpack_from(">4h", head, 36))
        self.ascent, self.descent = (self._scaled(value) for value in struct.unpack_from(">2h", hhea, 4))
        measured = _unsigned(hhea, 34)
        self._widths = [width for width, _ in struct.iter_unpack(">Hh", self._table(b"hmtx")[: 4 * measured])]
        self._places = list(
            pairwise(struct.unpack(f">{_unsigned(self._table(b'maxp'), 4) + 1}L", self._table(b"loca")))
        )
        self.glyphs = dict(self._mapped())

    def width(self, glyph: int) -> int:
        """How wide a glyph is."""
        return self._scaled(self._widths[min(glyph, len(self._widths) - 1)])

    def part(self, glyphs: Collection[int]) -> bytes:
        """A font with the outlines of these glyphs, which keep their numbers."""
        tables = {tag: self._table(tag) for tag in _EMBEDDED if tag in self._tables}
        outlines = tables[b"glyf"]
        kept = bytearray(len(outlines))
        for glyph in self._with_components({0, *glyphs}):
            start, end = self._places[glyph]
            kept[start:end] = outlines[start:end]
        return _packed(tables | {b"glyf": bytes(kept)})

    def _table(self, tag: bytes) -> bytes:
        start, size = self._tables[tag]
        return self._data[start : start + size]

    def _scaled(self, value: int) -> int:
        return round(value * self._scale)

    def _mapped(self) -> Iterator[tuple[int, int]]:
        """The characters of the Basic Multilingual Plane (cmap, format 4) and their glyphs."""
        cmap = self._table(b"cmap")
        [start] = [
            start
            for platform, encoding, start in struct.iter_unpack(">HHL", cmap[4 : 4 + 8 * _unsigned(cmap, 2)])
            if (platform, encoding) == (3, 1)
        ]
        doubled = _unsigned(cmap, start + 6)
        ends, starts, deltas, offsets = (
            struct.unpack_from(f">{doubled // 2}H", cmap, start + at)
            for at in (14, 16 + doubled, 16 + 2 * doubled, 16 + 3 * doubled)
        )
        for segment, (first, last) in enumerate(zip(starts, ends, strict=True)):
            for character in range(first, min(last, 0xFFFE) + 1):
                glyph = character
                if offsets[segment]:
                    row = start + 16 + 3 * doubled + 2 * segment
                    glyph = _unsigned(cmap, row + offsets[segment] + 2 * (character - first))
                if glyph := (glyph + deltas[segment]) & 0xFFFF if glyph or not offsets[segment] else 0:
                    yield character, glyph

    def _with_components(self, glyphs: Collection[int]) -> set[int]:
        """The glyphs and those of which they are put together, as an accent and its letter."""
        found: set[int] = set()
        waiting = list(glyphs)
        while waiting:
            glyph = waiting.pop()
            if glyph not in found:
                found.add(glyph)
                waiting += self._components(glyph)
        return found

    def _components(self, glyph: int) -> Iterator[int]:
        start, end = self._places[glyph]
        outline = self._table(b"glyf")[start:end]
        if not outline or struct.unpack_from(">h", outline)[0] >= 0:
            return
        at, flags = 10, _MORE
        while flags & _MORE:
            flags, component = struct.unpack_from(">HH", outline, at)
            yield component
            at += 8 if flags & _WORDS else 6
            at += 2 if flags & _ARGS_XY_SCALE else 4 if flags & _XY_SCALE else 8 if flags & _TWO_BY_TWO else 0


@cache
def font() -> Font:
    """DejaVu Sans."""
    return Font(FILE.read_bytes())


def _unsigned(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2])


def _packed(tables: dict[bytes, bytes]) -> bytes:
    count = len(tables)
    power = count.bit_length() - 1
    head = struct.pack(">LHHHH", 0x10000, count, 16 << power, power, 16 * count - (16 << power))
    at = len(head) + 16 * count
    directory, content = bytearray(), bytearray()
    for tag, table in sorted(tables.items()):
        directory += struct.pack(">4sLLL", tag, _checksum(table), at + len(content), len(table))
        content += table + bytes(-len(table) % 4)
    return head + bytes(directory + content)


def _checksum(table: bytes) -> int:
    padded = table + bytes(-len(table) % 4)
    total: int = sum(struct.unpack(f">{len(padded) // 4}L", padded))
    return total & 0xFFFFFFFF
