"""A document with its files as a zip, made while it is sent: neither the archive nor all files are ever in memory."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from typing import Final

from owners.exchange.document import DocumentWriter
from owners.exchange.files import DOCUMENT, FOLDER

_PIECE: Final = 1 << 18
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""Of the calendar of zips: the same data makes the same bytes, whenever that is."""
_UNIX: Final = 3
_READABLE: Final = 0o100644 << 16


async def archive_of(document: DocumentWriter, contents: AsyncIterator[tuple[str, bytes]]) -> AsyncIterator[bytes]:
    """The zip, piece by piece. `contents`: the files that are still there, each once, by SHA-256.

    The document comes last and tells of no file that was removed meanwhile. Files are compressed by what they are.
    """
    sink = _Sink()
    gone = {file.sha256 for file in document.attachments}
    with zipfile.ZipFile(sink, "w") as archive:
        async for digest, content in contents:
            gone.discard(digest)
            with archive.open(_member(FOLDER + digest, zipfile.ZIP_STORED), "w") as member:
                for at in range(0, len(content), _PIECE):
                    await asyncio.to_thread(member.write, content[at : at + _PIECE])
                    yield sink.taken()
        with archive.open(_member(DOCUMENT, zipfile.ZIP_DEFLATED), "w") as member:
            for piece in document.pieces(without=gone):
                await asyncio.to_thread(member.write, piece)
                if taken := sink.taken():
                    yield taken
    yield sink.taken()


class _Sink:
    """A file that can only be written, from whose end somebody takes."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def write(self, piece: bytes, /) -> int:
        self._kept += piece
        return len(piece)

    def flush(self) -> None:
        """Nothing is behind it."""

    def close(self) -> None:
        """Nothing is behind it."""

    def taken(self) -> bytes:
        piece = bytes(self._kept)
        self._kept.clear()
        return piece


def _member(name: str, compression: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _FIRST_DAY)
    member.compress_type = compression
    member.create_system = _UNIX
    member.external_attr = _READABLE
    return member
