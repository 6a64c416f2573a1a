"""The gateway's table against what the services say of themselves in docs/openapi/."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.routing import UPSTREAMS, Router

DOCUMENTS = Path(__file__).parents[3] / "docs" / "openapi"
router = Router()


def document(service: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DOCUMENTS / f"{service}.json").read_text("utf-8"))
    return read


def operations(service: str) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method.upper(), operation)
        for path, item in document(service)["paths"].items()
        for method, operation in item.items()
    ]


def concrete(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "0199aaaa-0000-7000-8000-000000000000", path)


@pytest.mark.parametrize("service", UPSTREAMS)
def test_every_documented_path_leads_to_the_service_that_documents_it(service: str) -> None:
    lost = {
        path: found and found.upstream
        for path, _, _ in operations(service)
        if (found := router.find(concrete(path))) is None or found.upstream != service
    }
    assert lost == {}
    assert operations(service)


@pytest.mark.parametrize("service", UPSTREAMS)
def test_token_is_asked_for_where_the_service_asks_for_one(service: str) -> None:
    for path, method, operation in operations(service):
        route = router.find(concrete(path))
        assert route is not None
        asked_for = any("accessToken" in scheme for scheme in operation.get("security", []))
        assert asked_for == (method not in route.public), f"{method} {path}"
