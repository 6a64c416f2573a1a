"""The version of a resource as an entity tag: strong, and nothing but the number in quotes."""

from __future__ import annotations

import re

from chassis.problems import BadRequest, PreconditionRequired

_STRONG_VERSION = re.compile(r'"(0|[1-9][0-9]{0,17})"', re.ASCII)


def etag(version: int) -> str:
    """The ETag header's value for this version."""
    return f'"{version}"'


def parse_if_match(values: list[str]) -> int:
    """The one version the caller expects.

    Raises PreconditionRequired (428) without the header and BadRequest (400) for anything but one strong tag of
    ours: `*` and lists would let an edit through that its author has not seen, and weak tags never match (RFC 9110).
    """
    if not values:
        raise PreconditionRequired
    match = _STRONG_VERSION.fullmatch(values[0].strip()) if len(values) == 1 else None
    if match is None:
        raise BadRequest('If-Match must be one ETag as it was sent, such as "7".', slug="bad-if-match")
    return int(match[1])
