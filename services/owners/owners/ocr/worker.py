"""`python -m owners.ocr.worker TESSERACT MODE`: looks at one image that somebody sent, with little memory, no secrets.

Standard input: the image. Standard output: one line of JSON (job.py). TESSERACT is its path, or empty; MODE how it
takes the page apart. Both processes live under the same limits, and can write no file.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
from typing import Any, Final

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from owners.ocr.job import MOST_PIXELS, NotRecognised, Recognised

MEMORY_BYTES: Final = 1 << 30
CPU_SECONDS: Final = 20
READ_SECONDS: Final = 15
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_LONGEST_EDGE: Final = 2_600
_SHORTEST_EDGE: Final = 1_000
_MOST_CODES: Final = 10
_LONGEST_CODE: Final = 1_000


def main() -> None:
    """Looks at the image, writes what is seen."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tesseract, mode = sys.argv[1:]
    try:
        answer = look(sys.stdin.buffer.read(), tesseract, mode)
    except NotRecognised as error:
        answer = {"refused": {"code": error.code, "message": error.message}}
    except MemoryError:
        answer = {"refused": {"code": "image-too-complex", "message": "The image takes too much to look at."}}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def look(data: bytes, tesseract: str, mode: str) -> dict[str, Any]:
    """What is in the image; raises NotRecognised."""
    picture = decoded(data)
    codes = [code.text[:_LONGEST_CODE] for code in zxingcpp.read_barcodes(picture)][:_MOST_CODES]
    state, tsv = _words(picture, tesseract, mode)
    return {"barcodes": codes, "tesseract": state, "tsv": tsv}


def decoded(data: bytes) -> Image.Image:
    """The image upright, in grey, of a size that letters are read at; raises NotRecognised."""
    Image.MAX_IMAGE_PIXELS = None  # its own limits are others: ours is asked before anything is decoded
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NotRecognised("image-too-large", f"An image may have at most {MOST_PIXELS:,} pixels.")
            opened.draft("L", (_LONGEST_EDGE, _LONGEST_EDGE))  # of a JPEG only what is needed is decoded
            picture = ImageOps.exif_transpose(opened).convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise NotRecognised("image-unreadable", "This is no image that can be read.") from error
    return _of_readable_size(picture)


def _of_readable_size(picture: Image.Image) -> Image.Image:
    longest = max(picture.size)
    wanted = min(max(longest, _SHORTEST_EDGE), _LONGEST_EDGE)
    if wanted == longest:
        return picture
    width, height = (max(1, edge * wanted // longest) for edge in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _words(picture: Image.Image, tesseract: str, mode: str) -> tuple[Recognised, str]:
    if not tesseract:
        return "missing", ""
    page = io.BytesIO()
    picture.save(page, format="PPM")
    command = [tesseract, "stdin", "stdout", "-l", "rus+eng", "--psm", mode, "tsv"]
    environment = {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    if "TESSDATA_PREFIX" in os.environ:
        environment["TESSDATA_PREFIX"] = os.environ["TESSDATA_PREFIX"]
    try:
        done = subprocess.run(  # noqa: S603 -- a path from our own settings, and no argument from outside
            command, input=page.getvalue(), capture_output=True, timeout=READ_SECONDS, check=False, env=environment
        )
    except FileNotFoundError:
        return "missing", ""
    except (OSError, subprocess.TimeoutExpired):
        return "failed", ""
    return ("read", done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else ("failed", "")


if __name__ == "__main__":
    main()
