"""Bytes that anybody may have sent, as something that is safe to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class Legible:
    """`encoding`: json (then `data` is the decoded value), text, hex, or null."""

    encoding: str
    data: Any

    def __str__(self) -> str:
        """On one line, or JSON on several."""
        match self.encoding:
            case "json":
                lines = orjson.dumps(self.data, option=orjson.OPT_INDENT_2).decode().split("\n")
                return "\n".join(map(printable, lines))
            case "null":
                return "(null)"
            case "hex":
                return f"0x{self.data}"
            case _:
                return str(self.data)


def legible(content: bytes | None, *, parse: bool = False) -> Legible:
    """As text when all of it can be printed, else as hex; with `parse` as JSON before that."""
    if content is None:
        return Legible("null", None)
    if parse:
        try:
            return Legible("json", orjson.loads(content))
        except orjson.JSONDecodeError:
            pass
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Legible("hex", content.hex())
    # Control characters would reach the reader's terminal.
    return Legible("text", text) if text.isprintable() else Legible("hex", content.hex())


def printable(text: str) -> str:
    """Text on one line, with what cannot be printed escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
