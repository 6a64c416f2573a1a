"""A page that names a command or a metric which does not exist costs time when there is none."""

import importlib
import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from cli.app import command_names
from cli.stack.state import REPOSITORY

RUNBOOKS = REPOSITORY / "docs" / "runbooks"
PAGES = sorted(RUNBOOKS.glob("*.md"))
METRIC = re.compile(r"\b(?:carpass_[a-z_]+)\b")
COMMAND = re.compile(r"(?:\./|`)carpass ([a-z]+)")
LINK = re.compile(r"\]\(([^)#]+)\)")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def known_metrics() -> set[str]:
    for module in ("chassis.metrics", "chassis.http.metrics", "notifier.metrics", "gateway.metrics"):
        importlib.import_module(module)
    families = list(REGISTRY.collect())
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


@every_page
def test_every_metric_exists(page: Path) -> None:
    assert set(METRIC.findall(page.read_text("utf-8"))) <= known_metrics()


@every_page
def test_every_command_exists(page: Path) -> None:
    assert set(COMMAND.findall(page.read_text("utf-8"))) <= set(command_names())


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_index_lists_every_page() -> None:
    index = (RUNBOOKS / "README.md").read_text("utf-8")
    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name})" not in index] == []


def test_pages_that_errors_point_to_exist() -> None:
    sources = [path.read_text("utf-8") for path in (REPOSITORY / "cli" / "cli").rglob("*.py")]
    named = {page for source in sources for page in re.findall(r"docs/runbooks/([a-z-]+\.md)", source)}
    assert named
    assert named <= {page.name for page in PAGES}
