"""The one form in which an estimate or a snapshot is hashed: RFC 8785 JSON, UTF-8, SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from workorders.domain.estimate import Document


def seal(content: Mapping[str, Any]) -> Document:
    """The canonical text and its hash. Integers beyond 2^53 are refused; other numbers are decimal strings."""
    canonical = rfc8785.dumps(dict(content))
    return Document(canonical.decode(), hashlib.sha256(canonical).hexdigest())
