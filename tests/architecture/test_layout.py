"""What import-linter can't see: names and sizes. The limits are the product's own engineering rules."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED = {"utils", "helpers", "common", "manager", "base"}
SOURCES = sorted(
    path
    for folder in ("contracts", "chassis", "services", "gateway", "cli", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if ".venv" not in path.parts
)


def test_imports_keep_the_layers() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    linted = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in SOURCES if BANNED & {path.stem, *path.relative_to(ROOT).parts}] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_its_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    if "migrations" in path.parts:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= 40, f"{node.name} is longer than 40 lines"
