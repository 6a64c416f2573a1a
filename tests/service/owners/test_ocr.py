"""A photo becomes candidates, and nothing else becomes of it."""

from __future__ import annotations

import asyncio
import io
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from owners.ocr import sandbox
from owners.ocr.sandbox import Eye
from tests.service.owners.conftest import Owners, Person
from tests.unit.owners.ocr.pages import tsv

FISCAL = "t=20240312T1435&s=2159.04&fn=9289000100405811&i=12345&fp=1234567890&n=1"


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def with_code(text: str) -> Image.Image:
    """A sheet with a QR code on it."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=6)
    height, width = code.shape
    sheet = Image.new("RGB", (width + 200, height + 200), "white")
    sheet.paste(Image.frombytes("L", (width, height), bytes(code)), (100, 100))
    return sheet


def printed(text: str) -> Image.Image:
    lines = text.splitlines()
    sheet = Image.new("RGB", (1_000, 80 + 60 * len(lines)), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(sheet).text((40, 40 + 60 * number), line, fill="black", font=ImageFont.load_default(36))
    return sheet


def png_of(width: int, height: int) -> bytes:
    """A small file that says it is so large: one colour, well packed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * (1 + width // 8) * height, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def sees_with(owners: Owners, tesseract: str, **more: Any) -> None:
    """From now on this program reads the text."""
    transport = owners.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.owners.eye = Eye(tesseract, **more)  # type: ignore[attr-defined]


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A stand-in for tesseract that reads the same page in every image; `page.tsv` beside it."""
    program = tmp_path / "tesseract"
    program.write_text(
        f"#!{sys.executable} -IS\n"
        "import sys, pathlib\n"
        "assert sys.argv[1:] == ['stdin', 'stdout', '-l', 'rus+eng', '--psm', sys.argv[6], 'tsv'], sys.argv\n"
        "assert sys.stdin.buffer.read(2) == b'P5'\n"
        "sys.stdout.write((pathlib.Path(__file__).parent / 'page.tsv').read_text('utf-8'))\n"
    )
    program.chmod(0o755)
    return program


async def sent(owners: Owners, person: Person, image: bytes, **query: str) -> httpx.Response:
    headers = person.headers | {"Content-Type": "application/octet-stream"}
    return await owners.client.post("/v1/ocr/preview", params=query, content=image, headers=headers)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_fiscal_code_is_read_without_tesseract_and_nothing_is_written(owners: Owners, form: str) -> None:
    anna = await owners.sign_in()
    sees_with(owners, "no-such-program")
    before = await owners.checksums()
    answer = await sent(owners, anna, encoded(with_code(FISCAL), form), kind="fuel_receipt")
    assert answer.status_code == 200, answer.text
    found = answer.json()["fuel_receipt"]
    assert found["total"][0]["value"] == {"amount": "2159.04", "currency": "RUB"}
    assert (found["total"][0]["confidence"], found["total"][0]["source"]) == (1.0, "fiscal_qr")
    assert found["purchased_on"][0]["value"] == "2024-03-12"
    assert found["fiscal"][0]["value"]["key"] == "9289000100405811-12345-1234567890"
    assert await owners.checksums() == before


async def test_text_is_read_by_the_program_that_is_set(owners: Owners, reader: Path) -> None:
    anna = await owners.sign_in()
    (reader.parent / "page.tsv").write_text(tsv("АИ-95\n41,52 л x 52,00 руб/л\nИТОГ     2159,04"), "utf-8")
    sees_with(owners, str(reader))
    found = (await sent(owners, anna, encoded(Image.new("RGB", (300, 200), "white")))).json()["fuel_receipt"]
    assert found["volume"][0]["value"] == {"quantity": "41.52", "unit": "l"}
    assert found["volume"][0]["text"] == "41,52 л x 52,00 руб/л"


async def test_nothing_found_says_so(owners: Owners, reader: Path) -> None:
    anna = await owners.sign_in()
    (reader.parent / "page.tsv").write_text(tsv("Спасибо"), "utf-8")
    blank = encoded(Image.new("RGB", (300, 200), "white"))
    sees_with(owners, str(reader))
    nothing = await sent(owners, anna, blank)
    assert (nothing.status_code, nothing.json()["type"]) == (422, "urn:carpass:problem:nothing-recognised")
    sees_with(owners, "no-such-program")
    missing = await sent(owners, anna, blank)
    assert (missing.status_code, missing.json()["type"]) == (503, "urn:carpass:problem:recognition-missing")
    assert "apt install tesseract" in missing.json()["detail"]


HOSTILE = {
    "more pixels than allowed": (png_of(8_000, 8_000), "image-too-large"),
    "a decompression bomb": (png_of(60_000, 60_000), "image-too-large"),
    "cut off": (encoded(with_code(FISCAL))[:400], "image-unreadable"),
    "only a signature": (b"\x89PNG\r\n\x1a\n", "image-unreadable"),
    "a lying header": (b"\xff\xd8\xff\xe0" + b"\x00" * 500, "image-unreadable"),
    "not an image": (b"%PDF-1.7", "unsupported-file"),
    "html": (b"<html><script>", "unsupported-file"),
    "empty": (b"", "unsupported-file"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_images_are_refused(owners: Owners, name: str) -> None:
    anna = await owners.sign_in()
    sees_with(owners, "no-such-program")
    image, slug = HOSTILE[name]
    refused = await sent(owners, anna, image)
    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:carpass:problem:{slug}"), refused.text


async def test_too_many_bytes_strangers_and_unknown_kinds_are_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    image = encoded(with_code(FISCAL))
    assert (await sent(owners, anna, b"\x89PNG\r\n\x1a\n" + b"\0" * 10_000_000)).status_code == 413
    assert (await owners.client.post("/v1/ocr/preview", content=image)).status_code == 401
    assert (await sent(owners, anna, image, kind="passport")).status_code == 422


async def test_a_reader_that_hangs_is_ended_with_all_that_it_started(owners: Owners, tmp_path: Path) -> None:
    anna = await owners.sign_in()
    program = tmp_path / "hangs"
    program.write_text(f"#!{sys.executable} -IS\nimport time\ntime.sleep(600)\n")
    program.chmod(0o755)
    sees_with(owners, str(program), within=2.0)
    refused = await sent(owners, anna, encoded(with_code(FISCAL)))
    assert refused.json()["type"] == "urn:carpass:problem:image-too-complex"
    running = await asyncio.to_thread(subprocess.run, ["pgrep", "-f", str(program)], capture_output=True, check=False)
    assert running.stdout == b""


async def test_a_reader_that_fails_leaves_the_codes(owners: Owners, tmp_path: Path) -> None:
    anna = await owners.sign_in()
    program = tmp_path / "fails"
    program.write_text(f"#!{sys.executable} -IS\nraise SystemExit(1)\n")
    program.chmod(0o755)
    sees_with(owners, str(program))
    assert (await sent(owners, anna, encoded(with_code(FISCAL)))).status_code == 200


async def test_who_waits_too_long_is_told(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await owners.sign_in()
    monkeypatch.setattr(sandbox, "WAIT_SECONDS", 0.0)
    sees_with(owners, "no-such-program", at_once=0)
    busy = await sent(owners, anna, encoded(with_code(FISCAL)))
    assert (busy.status_code, busy.json()["type"]) == (503, "urn:carpass:problem:recognition-busy")


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
async def test_tesseract_itself_reads_a_printed_receipt(owners: Owners) -> None:
    anna = await owners.sign_in()
    receipt = printed("PETROL 95\n41.52 l x 52.00\nTOTAL 2159.04 EUR")
    found = (await sent(owners, anna, encoded(receipt, "JPEG", quality=90), kind="fuel_receipt")).json()
    assert found["fuel_receipt"]["volume"][0]["value"]["quantity"] == "41.52"
    assert found["fuel_receipt"]["total"][0]["value"] == {"amount": "2159.04", "currency": "EUR"}
