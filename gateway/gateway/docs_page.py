"""The API reference at /docs: Scalar, with its script served from here. Nothing is loaded from anywhere else."""

from __future__ import annotations

import asyncio
import gzip
from importlib.resources import files
from typing import Final

from starlette.responses import HTMLResponse, Response

SCRIPT_PATH: Final = "/docs/scalar-1.46.4.js"
_SCRIPT_FILE: Final = "scalar-1.46.4.js"
# Scalar writes its styles into the page; scripts come from our own files only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CarPass API</title>
<link rel="icon" href="data:,">
</head>
<body>
<script id="api-reference" data-url="/openapi.json"
  data-configuration='{"withDefaultFonts": false, "telemetry": false, "hideClientButton": true,
  "showDeveloperTools": "never", "agent": {"disabled": true}, "mcp": {"disabled": true},
  "authentication": {"preferredSecurityScheme": "accessToken"}, "persistAuth": false,
  "defaultOpenAllTags": false}'></script>
<script src="%s"></script>
<noscript>The reference needs JavaScript; the plain document is at <a href="/openapi.json">/openapi.json</a>.</noscript>
</body>
</html>
"""


class DocsPage:
    """The page and its script."""

    def __init__(self) -> None:
        self._plain = b""
        self._zipped = b""

    def page(self) -> Response:
        """The page."""
        return HTMLResponse(_PAGE % SCRIPT_PATH, headers={"Content-Security-Policy": _POLICY})

    async def script(self, accept_encoding: str) -> Response:
        """The script; its name carries the version, so that browsers may keep it for good."""
        if not self._zipped:
            self._plain, self._zipped = await asyncio.to_thread(_load)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" not in accept_encoding:
            return Response(self._plain, media_type="text/javascript", headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(self._zipped, media_type="text/javascript", headers=headers)


def _load() -> tuple[bytes, bytes]:
    plain = files("gateway").joinpath("static", _SCRIPT_FILE).read_bytes()
    return plain, gzip.compress(plain, compresslevel=6, mtime=0)
