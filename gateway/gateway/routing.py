"""Which service answers which path. Nothing that is not in this table can be reached from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

type Upstream = Literal["owners", "sto", "workorders", "trust", "notifier"]

UPSTREAMS: Final[tuple[Upstream, ...]] = get_args(Upstream.__value__)
MEBIBYTE: Final = 1 << 20
SMALL: Final = 64 << 10
FILE: Final = 10_000_000
UPLOAD_SECONDS: Final = 30.0
OCR_SECONDS: Final = 50.0  # above the time that an image waits and is looked at
FILE_SECONDS: Final = 125.0  # above the 120 s within which owners ends an import

# One spelling per resource: no route here needs more than these characters, so percent-encoding, empty segments,
# backslashes and semicolons are no path of ours, and what is matched is byte for byte what is sent on.
PATH: Final = r"(?:/[A-Za-z0-9._~-]+)+"
_PATH: Final = re.compile(PATH)
_DOTS = frozenset({".", ".."})
_ANY_SEGMENT = "{}"


@dataclass(frozen=True, slots=True)
class Route:
    """Paths like the pattern, and where they go.

    `{name}` stands for one segment, a final `**` for any rest, also an empty one. `public` lists the methods
    that need no access token. `seconds`: the deadline of an answer, where it is not that of the service.
    `if_too_large`: what else to do with a body above the limit.
    """

    pattern: str
    upstream: Upstream
    public: frozenset[str] = frozenset()
    body_limit: int = MEBIBYTE
    seconds: float | None = None
    if_too_large: str = ""

    @property
    def path_format(self) -> str:
        """The pattern, as metrics and spans name the route."""
        return self.pattern


def _public(pattern: str, upstream: Upstream, method: str, *, body_limit: int = SMALL) -> Route:
    return Route(pattern, upstream, frozenset({method}), body_limit)


ROUTES: Final[tuple[Route, ...]] = (
    _public("/.well-known/jwks.json", "owners", "GET"),
    _public("/v1/auth/telegram", "owners", "POST"),
    _public("/v1/auth/refresh", "owners", "POST"),
    _public("/v1/auth/bot", "owners", "POST"),  # shows the notifier's credential, which owners checks
    Route("/v1/auth/**", "owners", body_limit=SMALL),
    Route("/v1/me/**", "owners"),
    Route("/v1/cars/{car_id}/score/**", "trust"),
    Route("/v1/cars/{car_id}/timeline/**", "trust"),
    Route("/v1/cars/{car_id}/recommendations/**", "trust"),
    Route("/v1/cars/{car_id}/export", "owners", seconds=FILE_SECONDS),
    Route("/v1/cars/**", "owners"),
    Route("/v1/attachments/**", "owners", body_limit=FILE, seconds=UPLOAD_SECONDS),
    Route("/v1/ocr/**", "owners", body_limit=FILE, seconds=OCR_SECONDS),
    Route("/v1/car-transfers/**", "owners", body_limit=SMALL),
    Route("/v1/access-invitations/**", "owners", body_limit=SMALL),
    Route(
        "/v1/imports/**",
        "owners",
        body_limit=FILE,
        seconds=FILE_SECONDS,
        if_too_large="Of a zip with a car's files send the car.json alone, and attach the files.",
    ),
    Route("/v1/recommendations/**", "trust"),
    Route("/v1/audit/**", "trust"),
    Route("/v1/service-centers/**", "sto"),
    Route("/v1/car-links/**", "sto"),
    Route("/v1/invitations/**", "sto"),
    Route("/v1/moderation/identities/**", "owners", body_limit=SMALL),
    Route("/v1/moderation/**", "sto"),
    Route("/v1/work-orders/**", "workorders"),
    Route("/v1/notifications/**", "notifier"),
    # Telegram calls it and signs with its secret header, which notifier checks.
    _public("/v1/telegram/webhook", "notifier", "POST", body_limit=MEBIBYTE),
    Route("/v1/telegram/**", "notifier"),
)


class _Node:
    """One segment of the table's tree."""

    __slots__ = ("children", "exact", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.exact: Route | None = None
        self.rest: Route | None = None


class Router:
    """Finds a path's route; the more specific pattern wins, whatever the order of the table."""

    def __init__(self, routes: Iterable[Route] = ROUTES) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        *segments, last = route.pattern[1:].split("/")
        for segment in segments if last == "**" else (*segments, last):
            name = _ANY_SEGMENT if segment.startswith("{") else segment
            node = node.children.setdefault(name, _Node())
        taken = node.rest if last == "**" else node.exact
        if taken is not None:
            raise ValueError(f"{route.pattern} is in the table twice")
        if last == "**":
            node.rest = route
        else:
            node.exact = route

    def find(self, raw_path: str) -> Route | None:
        """The route of a path as it came over the wire (not decoded); None for a path that is none of ours."""
        return None if _PATH.fullmatch(raw_path) is None else self.find_spelled(raw_path)

    def find_spelled(self, path: str) -> Route | None:
        """The same for a path that is known to match `PATH`."""
        segments = path[1:].split("/")
        if not _DOTS.isdisjoint(segments):
            return None
        return _descend(self._root, segments, 0)


def _descend(node: _Node, segments: list[str], at: int) -> Route | None:
    if at == len(segments):
        return node.exact or node.rest
    for name in (segments[at], _ANY_SEGMENT):
        child = node.children.get(name)
        found = None if child is None else _descend(child, segments, at + 1)
        if found is not None:
            return found
    return node.rest
