"""ZIP backups, opened within bounds: a file's own word for its sizes is checked before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from owners.imports.rows import Limits, NotReadable

_SIGNATURES: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED: Final = 0x1
_TABLES: Final = frozenset({".csv", ".txt"})
_SMALL: Final = 10_000
"""Below this size a member may be as compressible as it likes."""


def is_archive(data: bytes) -> bool:
    """Whether the bytes begin as a ZIP does."""
    return data.startswith(_SIGNATURES)


def is_workbook(data: bytes) -> bool:
    """Whether a ZIP is an Office Open XML spreadsheet."""
    return is_archive(data) and "xl/workbook.xml" in {member.filename for member in _members(data)}


def check_bounds(data: bytes, limits: Limits) -> None:
    """Raises NotReadable for an archive that is broken, encrypted, or bigger inside than `limits` allow."""
    _check(_members(data), limits)


def tables_in(data: bytes, limits: Limits) -> list[tuple[str, bytes]]:
    """Name and content of the text tables in an archive, sorted by name; raises NotReadable."""
    members = _members(data)
    _check(members, limits)
    if any(PurePosixPath(member.filename).name == "metadata.inf" for member in members):
        raise NotReadable("acar_backup", "This is a full backup of aCar. Export the records as CSV there instead.")
    names = sorted({m.filename for m in members if PurePosixPath(m.filename).suffix.lower() in _TABLES})
    if not names:
        raise NotReadable("no_table", "This archive holds no CSV file.")
    return [(name, _content(data, name, limits)) for name in names]


def _members(data: bytes) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
        raise NotReadable("broken_archive", "This ZIP archive is damaged.") from None


def _check(members: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.archive_members or sum(m.file_size for m in members) > limits.unpacked_bytes:
        raise NotReadable("too_big", "This archive is too big once unpacked.")
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise NotReadable("encrypted", "This archive has a password. Unpack it and send the CSV file.")
        if _is_bomb(member, limits):
            raise NotReadable("too_big", "This archive unpacks to far more than it holds.")
        if _escapes(member.filename):
            raise NotReadable("broken_archive", "This archive names files outside of itself.")


def _is_bomb(member: zipfile.ZipInfo, limits: Limits) -> bool:
    return member.file_size > max(_SMALL, member.compress_size * limits.compression_ratio)


def _escapes(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name


def _content(data: bytes, name: str, limits: Limits) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as member:
            content = member.read(limits.unpacked_bytes + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        raise NotReadable("broken_archive", "This ZIP archive is damaged.") from None
    if len(content) > limits.unpacked_bytes:
        raise NotReadable("too_big", "This archive is too big once unpacked.")
    return content
