"""Signed checkpoints of the audit chains, kept outside the database: who rewrites a chain can't rewrite these."""

from __future__ import annotations

import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from trust.domain.audit_chain import Checkpoint

_FILE = "audit-checkpoints.jsonl"


class CheckpointBroken(Exception):  # noqa: N818 - named as what is the case
    """A line of the checkpoint file was not signed with this key, or is no checkpoint."""


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """One JSON line a checkpoint, each with its own signature."""

    folder: Path
    key: Ed25519PrivateKey

    @classmethod
    def open(cls, folder: Path, key_file: Path) -> CheckpointFile:
        """With the key in `key_file`; ValueError when it is no Ed25519 private key."""
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{key_file} holds no Ed25519 private key")  # noqa: TRY004 - the file is wrong, not a type
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, key)

    def append(self, heads: Mapping[UUID, Checkpoint]) -> None:
        """Sign and store one checkpoint a chain; on the disk when this returns."""
        with (self.folder / _FILE).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # several workers may share the folder
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            for tenant, checkpoint in heads.items():
                file.write(self._line(tenant, checkpoint))
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> dict[UUID, list[Checkpoint]]:
        """All checkpoints by tenant; raises CheckpointBroken at the first line that is not ours.

        A last line without its end was being written when the process died: it is passed over, and overwritten.
        """
        found: defaultdict[UUID, list[Checkpoint]] = defaultdict(list)
        for tenant, checkpoint in self._lines():
            found[tenant].append(checkpoint)
        return dict(found)

    def _lines(self) -> Iterator[tuple[UUID, Checkpoint]]:
        path = self.folder / _FILE
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True) if path.exists() else [], start=1):
            if line.endswith(b"\n"):
                yield self._parsed(line, number)

    def _parsed(self, line: bytes, number: int) -> tuple[UUID, Checkpoint]:
        try:
            stored = orjson.loads(line)
            signature = bytes.fromhex(stored.pop("signature"))
            self.key.public_key().verify(signature, rfc8785.dumps(stored))
            return UUID(stored["tenant"]), Checkpoint(stored["height"], bytes.fromhex(stored["hash"]))
        except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointBroken(f"line {number} of the checkpoints was altered") from error

    def _line(self, tenant: UUID, checkpoint: Checkpoint) -> bytes:
        content: dict[str, str | int] = {
            "tenant": str(tenant),
            "height": checkpoint.height,
            "hash": checkpoint.hash.hex(),
        }
        signature = self.key.sign(rfc8785.dumps(content)).hex()
        return orjson.dumps({**content, "signature": signature}) + b"\n"
