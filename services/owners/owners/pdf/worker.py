"""`python -m owners.pdf.worker`: the lines of a life on standard input as a PDF on standard output."""

from __future__ import annotations

import resource
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Final

from owners.exchange.converting import converted

_MODULE: Final = "owners.pdf.worker"
_MEMORY_BYTES: Final = 1 << 30
_CPU_SECONDS: Final = 100


def pdf_of(life: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The PDF, piece by piece; raises ConversionFailed."""
    return converted(_MODULE, life)


def main() -> None:
    """Reads the life, writes the report."""
    from owners.pdf.report import Life, Report  # noqa: PLC0415 -- the API itself needs none of it

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    Report(Life.read(sys.stdin.buffer), sys.stdout.buffer).write()
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
