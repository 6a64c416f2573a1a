"""Settings of trust."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from chassis.settings import Seconds, ServiceSettings


class TrustSettings(ServiceSettings):
    """`audit_signing_key_file`: Ed25519 private key, PEM. The checkpoints belong on a volume of their own."""

    audit_signing_key_file: Path | None = Field(default=None)
    audit_checkpoint_dir: Path | None = Field(default=None)
    audit_checkpoint_interval: Seconds = 60.0
