"""Kafka's jars, by a committed list of coordinates and checksums; one verified copy per user and version."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cli.errors import StackError

KAFKA_VERSION = "4.4.0"
_LOCK = Path(__file__).with_name("kafka.lock")
_THREADS = 8
_TIMEOUT = 60


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name in the folder of jars."""
        return f"{self.artifact}-{self.version}.jar"


type Download = Callable[[Jar, Path], Path]
"""Fetches a jar to somewhere below the given folder and returns the file."""


def locked_jars() -> list[Jar]:
    """What `kafka.lock` lists."""
    lines = (line.split("#")[0].split() for line in _LOCK.read_text().splitlines())
    jars = []
    for coordinates, sha256 in filter(None, lines):
        group, artifact, version = coordinates.split(":")
        jars.append(Jar(group, artifact, version, sha256))
    return jars


def jars_dir() -> Path:
    """The user's cache folder for this version, shared by all clones."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "carpass" / f"kafka-{KAFKA_VERSION}"


def missing_jars() -> list[Jar]:
    """What `ensure_jars` would download."""
    folder = jars_dir()
    return [jar for jar in locked_jars() if not (folder / jar.file_name).exists()]


def ensure_jars(download: Download | None = None) -> Path:
    """The folder that holds exactly the locked jars; missing ones are downloaded and verified."""
    folder = jars_dir()
    missing = missing_jars()
    if not missing:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    fetch = download or _download
    # A private download folder, because the resolver writes in place: only whole, verified files move in.
    with tempfile.TemporaryDirectory(prefix="download-", dir=folder.parent) as scratch:
        threads = ThreadPoolExecutor(_THREADS)
        try:
            files = threads.map(lambda jar: _fetched(fetch, jar, Path(scratch)), missing)
            for jar, file in zip(missing, files, strict=True):
                _verify(jar, file)
                shutil.move(file, folder / jar.file_name)
        finally:
            threads.shutdown(cancel_futures=True)
    return folder


def _fetched(download: Download, jar: Jar, scratch: Path) -> Path:
    try:
        return download(jar, scratch)
    except OSError as error:
        if error.errno is not None and not isinstance(error, ConnectionError):
            raise StackError(f"Apache Kafka could not be saved to {jars_dir()}: {error}.") from error
        raise _unreachable() from error
    except RuntimeError as error:
        raise _unreachable() from error


def _unreachable() -> StackError:
    return StackError(
        f"Apache Kafka {KAFKA_VERSION} could not be downloaded; check the network and run the command again, "
        "or set CARPASS_KAFKA_HOME or CARPASS_KAFKA_BOOTSTRAP."
    )


def _download(jar: Jar, scratch: Path) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415 -- slow to import, and needed once per machine

    context = MavenContext(repo_cache=scratch, local_repos=[], timeout=_TIMEOUT)
    resolved = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    return Path(resolved)


def _verify(jar: Jar, file: Path) -> None:
    if hashlib.sha256(file.read_bytes()).hexdigest() != jar.sha256:
        raise StackError(
            f"The downloaded {jar.file_name} is not the file that kafka.lock names; "
            "a proxy may have altered it, so try another network."
        )
