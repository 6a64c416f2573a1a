"""Bytes to text: which encoding a file of no declared one has."""

from __future__ import annotations

import codecs
import re
from typing import Final

from owners.imports.rows import NotReadable

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORD: Final = re.compile(r"(?:[^\W\d_]|№)+")
_SAMPLE: Final = 200_000


def decoded(data: bytes) -> str:
    """The text, without a byte order mark: UTF-8, UTF-16 with its mark, else cp1251 or cp1250; raises NotReadable."""
    text = _unicode(data)
    if text is None:
        page = "cp1251" if _looks_cyrillic(data[:_SAMPLE].decode("cp1251", "replace")) else "cp1250"
        text = data.decode(page, errors="replace")
    if "\x00" in text:
        raise NotReadable("not_text", "This file holds NUL characters: it is no text.")
    return text


def _unicode(data: bytes) -> str | None:
    if data.startswith(_UTF16_MARKS):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise NotReadable("not_text", "This file says that it is UTF-16, and is not.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _looks_cyrillic(text: str) -> bool:
    """Whether its words are of one alphabet. Polish or Czech read as cp1251 has Cyrillic letters inside Latin words."""
    whole = mixed = 0
    for word in _WORD.findall(text):
        latin = sum(letter.isascii() for letter in word)
        whole += latin == 0 and len(word) > 1
        mixed += 0 < latin < len(word)
    return whole >= mixed
