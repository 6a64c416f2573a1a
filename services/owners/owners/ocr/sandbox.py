"""Looks at images in processes of their own, one at a time: a hostile one neither holds up nor swells the API."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from typing import Final

import orjson

from owners.ocr.candidates import Kind
from owners.ocr.job import NotRecognised, Seen

LOOK_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 15.0
_COMMAND: Final = (sys.executable, "-P", "-m", "owners.ocr.worker")
_PAGE, _SPARSE = "4", "11"
_MODES: Final[dict[Kind | None, str]] = {"odometer": _SPARSE, "vin": _SPARSE}
_PASSED_ON: Final = ("TESSDATA_PREFIX",)


class Busy(Exception):  # noqa: N818 -- named for what it says
    """Others are looked at, and it takes too long."""


class Eye:
    """Whatever looks at images in this process of the API. `tesseract`: its name or path."""

    def __init__(self, tesseract: str, *, at_once: int = 1, within: float = LOOK_SECONDS) -> None:
        self._tesseract = tesseract
        self._within = within
        self._free = asyncio.Semaphore(at_once)

    async def look(self, image: bytes, kind: Kind | None) -> Seen:
        """What is in the image; raises NotRecognised, Busy."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            async with asyncio.timeout(self._within):
                return await self._look(image, kind)
        except TimeoutError:
            raise _too_complex() from None
        finally:
            self._free.release()

    async def _look(self, image: bytes, kind: Kind | None) -> Seen:
        tesseract = shutil.which(self._tesseract) or ""
        environment = {"LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            tesseract,
            _MODES.get(kind, _PAGE),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            start_new_session=True,
        )
        try:
            answer, _ = await process.communicate(image)
        finally:
            # With tesseract, which it may have started: both are one group.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
        return _seen(answer)


def _seen(answer: bytes) -> Seen:
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise _too_complex() from None  # the kernel's limits ended it
    if "refused" in told:
        raise NotRecognised(**told["refused"])
    return Seen(tuple(told["barcodes"]), told["tesseract"], told["tsv"])


def _too_complex() -> NotRecognised:
    return NotRecognised("image-too-complex", "The image takes too much to look at.")
