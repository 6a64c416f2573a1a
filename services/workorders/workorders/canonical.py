"""The one form in which an estimate or a snapshot is hashed: RFC 8785 JSON, UTF-8, SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from workorders.domain.estimate import Document


def seal(content: Mapping[str, Any]) -> Document:
    """The canonical text and its hash. Integers beyond 2^53 are refused; other numbers are decimal strings.

    Keys are ASCII and there is no float, and so this is the form of RFC 8785; it would differ in nothing else.
    """
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    return Document(canonical.decode(), hashlib.sha256(canonical).hexdigest())
