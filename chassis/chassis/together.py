"""Several statements in one round trip, as parts of one statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

_PLACEHOLDER: Final = re.compile(r"\$(\d+)")


class Statement(NamedTuple):
    """In the driver's words, with an argument for each of `$1`, `$2`, and so on."""

    query: str
    arguments: Sequence[Any]


def together(statements: Sequence[Statement]) -> Statement:
    """All of them as one: the last one's rows are its own. All see what was there before, and none what others write.

    Constraints are checked behind all of them, so that one may refer to what another inserts.
    """
    if len(statements) == 1:
        return statements[0]
    query = _joined(tuple((one.query, len(one.arguments)) for one in statements))
    return Statement(query, list(chain.from_iterable(one.arguments for one in statements)))


@lru_cache(256)
def _joined(queries: tuple[tuple[str, int], ...]) -> str:
    numbered, before = [], 0
    for query, count in queries:
        numbered.append(_PLACEHOLDER.sub(lambda found, before=before: f"${int(found[1]) + before}", query))  # type: ignore[misc]
        before += count
    *parts, last = numbered
    return f"WITH {', '.join(f'part_{place} AS ({part})' for place, part in enumerate(parts))} {last}"
