"""Runs benchmarks one after the other, each with servers of its own, and never lets one that failed look good."""

from __future__ import annotations

import asyncio
import pkgutil
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from bench import suites
from bench.harness.context import Context
from bench.harness.figures import Spread
from bench.harness.report import Judged, Result
from bench.harness.rounds import Round, run_rounds
from bench.harness.servers import Servers
from bench.harness.suite import InvalidRun, Suite
from cli.errors import StackError

_CLOSE_SECONDS: Final = 60.0


def suite_names() -> list[str]:
    """What the files in `bench/suites` are called, as one types it."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(suites.__path__))


def load(name: str) -> Suite:
    """The benchmark in the file of that name."""
    module = import_module(f"bench.suites.{name.replace('-', '_')}")
    return cast("Suite", module.Benchmark())


async def run(names: Sequence[str], *, rounds: int, quick: bool, done: Callable[[Result], None]) -> dict[str, str]:
    """Runs them on the same servers; returns the servers' versions."""
    with work_folder() as work:
        servers = Servers(work)
        try:
            for name in names:
                done(await run_suite(load(name), Context(work, servers, rounds, quick)))
            return {"postgresql": await servers.postgres_version()} if servers.postgres_started else {}
        finally:
            await servers.close()


@contextmanager
def work_folder() -> Iterator[Path]:
    """A new folder for the state of one run, gone after it."""
    folder = Path(tempfile.mkdtemp(prefix="carpass-bench-"))
    folder.chmod(0o711)  # PostgreSQL, as a user of its own, must pass through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run_suite(suite: Suite, context: Context) -> Result:
    """One benchmark from the beginning to its end."""
    began = time.monotonic()
    measured: list[Round] = []
    invalid = None
    try:
        await suite.prepare(context)
        async for one in run_rounds(suite, min(context.rounds, suite.most_rounds)):
            measured.append(one)  # noqa: PERF401 - the rounds before an invalid one are kept
    except InvalidRun as error:
        invalid = str(error)
    except StackError:
        raise
    except Exception as error:  # noqa: BLE001 - the other benchmarks go on; this one says nothing
        traceback.print_exc()
        invalid = f"{type(error).__name__}: {error}"
    finally:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await context.resources.aclose()
    return Result(
        name=suite.name,
        title=suite.title,
        seconds=time.monotonic() - began,
        judged=judge(suite, measured),
        rounds=measured,
        invalid=invalid,
    )


def judge(suite: Suite, measured: Sequence[Round]) -> list[Judged]:
    """Each figure of the suite over all rounds."""
    ratios = [suite.ratio(one.baseline, one.subject) for one in measured]
    if not ratios:
        return []
    return [Judged(name, Spread.of([ratio[name] for ratio in ratios]), limit) for name, limit in suite.limits.items()]
