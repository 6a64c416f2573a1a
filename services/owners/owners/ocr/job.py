"""What is asked of the process that looks at images, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

type Recognised = Literal["read", "missing", "failed"]

MOST_PIXELS: Final = 24_000_000


class NotRecognised(Exception):  # noqa: N818 -- named for what happened
    """The image cannot be looked at; `code` says why, `message` says it to people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Seen:
    """Codes in the image, and tesseract's words as TSV, empty unless it `read` them."""

    barcodes: tuple[str, ...]
    tesseract: Recognised
    tsv: str
