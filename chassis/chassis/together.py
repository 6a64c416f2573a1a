"""Several statements in one round trip, as parts of one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

_PLACEHOLDER: Final = re.compile(r"\$(\d+)")


class Statement(NamedTuple):
    """In the driver's words, with an argument for each of `$1`, `$2`, and so on.

    `name`: what later statements of the same round trip call its rows, to wait for them. No `WITH` of its own writes.
    """

    query: str
    arguments: Sequence[Any]
    name: str = ""


def together(statements: Sequence[Statement]) -> Statement:
    """All of them as one: the last one's rows are its own. All see what was there before, and none what others write.

    Keys are checked behind all of them, so that one may refer to what another inserts.
    """
    if len(statements) == 1:
        return statements[0]
    query = _joined(tuple((one.name, one.query, len(one.arguments)) for one in statements))
    return Statement(query, list(chain.from_iterable(one.arguments for one in statements)))


@lru_cache(256)
def _joined(statements: tuple[tuple[str, str, int], ...]) -> str:
    parts, before = [], 0
    for place, (name, query, count) in enumerate(statements):
        parts.append((name or f"part_{place}", _numbered_from(before, query)))
        before += count
    *earlier, (_, last) = parts
    return f"WITH {', '.join(f'{name} AS ({query})' for name, query in earlier)} {last}"


def _numbered_from(before: int, query: str) -> str:
    return _PLACEHOLDER.sub(lambda found: f"${int(found[1]) + before}", query)
