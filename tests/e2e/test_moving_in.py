"""Moving in from another app and out again: the command line, through the gateway."""

import asyncio
import json
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp

from cli.client.gateway import Gateway, Person
from cli.client.sign_in import TelegramUser
from cli.stack.running import RunningStack
from cli.stack.stack import Stack
from tests.unit.owners.imports.files import FUELIO, zipped

COMMAND = [sys.executable, "-P", "-m", "cli"]
NAME = "newcomer"


async def carpass(stack_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments, "--as", NAME, "--state", str(stack_dir)]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL
    )


async def newcomer(stack_dir: Path, gateway: Gateway) -> tuple[Person, str]:
    """Somebody with a car, under the name that the command line signs in with."""
    secrets = RunningStack.of(stack_dir).secrets
    person = await gateway.sign_in(TelegramUser.named(NAME), secrets.bot_token)
    body = {"make": "Lada", "model": "21099", "currency": "RUB", "energy_kinds": ["petrol"]}
    return person, str((await person.post("/v1/cars", body)).body["id"])


async def test_backup_moves_in_once_and_out_again(
    stack: Stack, stack_dir: Path, gateway: Gateway, tmp_path: Path
) -> None:
    assert stack.gateway_url
    person, car = await newcomer(stack_dir, gateway)
    backup = tmp_path / "backup.zip"
    backup.write_bytes(zipped(("sync/vehicle-1-sync.csv", FUELIO.encode("utf-8-sig"))))
    into = ("import", str(backup), "--car", car)

    asked = await carpass(stack_dir, *into, "--yes")
    assert (asked.returncode, "--set currency=" in asked.stdout) == (3, True), asked
    nobody = await carpass(stack_dir, *into, "--set", "currency=RUB")
    assert (nobody.returncode, "5 new" in nobody.stdout) == (1, True), nobody
    assert (await person.get(f"/v1/cars/{car}/fuel-entries")).body["data"] == []

    done = await carpass(stack_dir, *into, "--set", "currency=RUB", "--yes")
    assert (done.returncode, "Added 5 records." in done.stdout) == (0, True), done
    again = await carpass(stack_dir, *into, "--set", "currency=RUB", "--yes", "--json")
    assert json.loads(again.stdout)["counts"] == {"new": 0, "duplicate": 5, "conflict": 0, "error": 0}
    assert len((await person.get(f"/v1/cars/{car}/fuel-entries")).body["data"]) == 3

    out = tmp_path / "car.json"
    exported = await carpass(stack_dir, "export", "--car", car, "--out", str(out))
    assert exported.returncode == 0, exported
    document = json.loads(out.read_text("utf-8"))
    assert {name: len(records) for name, records in document["data"].items() if records} == {
        "fuel_entries": 3,
        "service_entries": 1,
        "expenses": 1,
    }
    assert sorted(os.listdir(tmp_path)) == ["backup.zip", "car.json"]  # noqa: PTH208 -- not in a loop of events


async def attached(person: Person, stack: Stack, car: str, content: bytes, **place: str) -> None:
    query = urlencode({"car_id": car, **place})
    headers = {"Authorization": f"Bearer {person.access_token}", "Idempotency-Key": str(uuid4())}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stack.gateway_url}/v1/attachments?{query}", data=BytesIO(content), headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()


async def test_car_with_its_files_moves_to_another_car(
    stack: Stack, stack_dir: Path, gateway: Gateway, tmp_path: Path
) -> None:
    person, car = await newcomer(stack_dir, gateway)
    paper = (await person.post(f"/v1/cars/{car}/documents", {"kind": "insurance", "expires_on": "2027-03-14"})).body[
        "id"
    ]
    scan = b"%PDF-1.7 " + os.urandom(2_000_000)
    await attached(person, stack, car, scan, document_id=paper, name="Полис.pdf")
    await attached(person, stack, car, b"\x89PNG\r\n\x1a\n photo", photo="true")

    out = tmp_path / "car.zip"
    exported = await carpass(stack_dir, "export", "--car", car, "--out", str(out))
    assert exported.returncode == 0, exported
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert archive.read(f"attachments/{sha256(scan).hexdigest()}") == scan
        assert len(archive.namelist()) == 3

    other = str((await person.post("/v1/cars", {"make": "Lada", "model": "Niva", "currency": "RUB"})).body["id"])
    done = await carpass(stack_dir, "import", str(out), "--car", other, "--yes")
    assert (done.returncode, "Added 1 records and 2 files." in done.stdout) == (0, True), done
    again = await carpass(stack_dir, "import", str(out), "--car", other, "--yes")
    assert (again.returncode, "Files: 0 new, 2 here already." in again.stdout) == (0, True), again
    [taken] = (await person.get(f"/v1/cars/{other}/documents")).body["data"]
    assert [file["name"] for file in taken["attachments"]] == ["Полис.pdf"]


async def test_archive_above_the_limit_is_refused_before_it_is_sent(
    stack: Stack, stack_dir: Path, gateway: Gateway, tmp_path: Path
) -> None:
    assert stack.gateway_url
    _, car = await newcomer(stack_dir, gateway)
    big = tmp_path / "car.zip"
    with zipfile.ZipFile(big, "w") as archive:
        archive.writestr("attachments/x", bytes(10_000_000))
    refused = await carpass(stack_dir, "import", str(big), "--car", car)
    assert (refused.returncode, "car.json alone" in refused.stderr) == (1, True), refused


async def test_import_into_somebody_elses_car_is_refused_in_one_sentence(
    stack: Stack, stack_dir: Path, gateway: Gateway, tmp_path: Path
) -> None:
    assert stack.gateway_url
    bot_token = RunningStack.of(stack_dir).secrets.bot_token
    other = await gateway.sign_in(TelegramUser.named("somebody else"), bot_token)
    car = (await other.post("/v1/cars", {"make": "Lada", "model": "2107", "currency": "RUB"})).body["id"]
    file = tmp_path / "costs.csv"
    file.write_text("Date,Cost,Description,Notes,Tags\n2024-03-04,5.00,Wash,,\n", "utf-8")
    refused = await carpass(stack_dir, "import", str(file), "--car", car, "--set", "currency=RUB")
    assert refused.returncode == 1
    assert "404" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
