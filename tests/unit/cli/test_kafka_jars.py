import hashlib
import os
from pathlib import Path

import pytest

from cli.embedded import kafka_jars
from cli.embedded.kafka_jars import Jar, ensure_jars, locked_jars
from cli.errors import StackError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(os.environ, "XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "carpass" / "kafka-4.4.0"


@pytest.fixture
def jars(monkeypatch: pytest.MonkeyPatch) -> list[Jar]:
    jars = [Jar("g", f"a{number}", "1", hashlib.sha256(b"content").hexdigest()) for number in range(20)]
    monkeypatch.setattr(kafka_jars, "locked_jars", lambda: jars)
    return jars


def _writes(content: bytes, downloads: list[Jar] | None = None) -> kafka_jars.Download:
    def download(jar: Jar, scratch: Path) -> Path:
        if downloads is not None:
            downloads.append(jar)
        file = scratch / jar.file_name
        file.write_bytes(content)
        return file

    return download


def _fails(error: Exception) -> kafka_jars.Download:
    def download(_jar: Jar, _scratch: Path) -> Path:
        raise error

    return download


def test_the_lock_names_the_broker_and_pins_every_jar() -> None:
    jars = locked_jars()
    assert ("kafka_2.13", "4.4.0") in {(jar.artifact, jar.version) for jar in jars}
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({jar.file_name for jar in jars}) == len(jars)


def test_jars_are_downloaded_once(jars: list[Jar], cache: Path) -> None:
    downloads: list[Jar] = []
    for _ in range(2):
        assert ensure_jars(_writes(b"content", downloads)) == cache
    assert sorted(jar.artifact for jar in downloads) == sorted(jar.artifact for jar in jars)
    assert sorted(file.name for file in cache.iterdir()) == sorted(jar.file_name for jar in jars)


@pytest.mark.usefixtures("jars")
def test_an_altered_jar_is_refused_and_not_kept(cache: Path) -> None:
    with pytest.raises(StackError, match="is not the file that"):
        ensure_jars(_writes(b"altered"))
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("jars")
@pytest.mark.parametrize("error", [ConnectionError("refused"), RuntimeError("not found"), OSError("no route")])
def test_an_unreachable_network_is_told(error: Exception) -> None:
    with pytest.raises(StackError, match="check the network"):
        ensure_jars(_fails(error))


@pytest.mark.usefixtures("jars")
def test_a_full_disk_is_told() -> None:
    with pytest.raises(StackError, match="could not be saved"):
        ensure_jars(_fails(OSError(28, "No space left on device")))


def test_only_what_is_missing_is_downloaded(jars: list[Jar], cache: Path) -> None:
    ensure_jars(_writes(b"content"))
    (cache / jars[3].file_name).unlink()
    downloads: list[Jar] = []
    ensure_jars(_writes(b"content", downloads))
    assert downloads == [jars[3]]
