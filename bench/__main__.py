"""`python -m bench NAME|all|list [--rounds 5] [--json out.json] [--quick]`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path

import uvloop

from bench.harness.report import Report, Result, library_versions, lines
from bench.harness.running import load, run, suite_names
from cli.errors import StackError

EXIT_MISSED = 1
EXIT_INVALID = 3
EXIT_STOPPED = 130


def main() -> int:
    """0 when every figure reaches `must`, 1 when one does not, 3 when a run is invalid."""
    options = _options()
    if options.name == "list":
        for name in suite_names():
            print(f"{name:<16}{load(name).title}")
        return 0
    names = suite_names() if options.name == "all" else [options.name]
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as in the product: the load generator's pauses are no answer's latency
    # As Ctrl-C, so that servers and processes end with it.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        print("\n".join(lines(result)), flush=True)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            servers = runner.run(run(names, rounds=options.rounds, quick=options.quick, done=done))
    except StackError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        return EXIT_STOPPED
    report = Report(results, library_versions() | servers, options.quick)
    print(", ".join(f"{name} {version}" for name, version in report.versions.items()))
    if options.json:
        report.write(options.json)
    return _exit_code(results, quick=options.quick)


def _exit_code(results: list[Result], *, quick: bool) -> int:
    if any(result.invalid is not None for result in results):
        return EXIT_INVALID
    return 0 if quick or all(result.passed for result in results) else EXIT_MISSED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", choices=["all", "list", *suite_names()])
    parser.add_argument("--rounds", type=int, default=5, help="of baseline and subject in turns (default 5)")
    parser.add_argument("--json", type=Path, help="write every round's figures to this file")
    parser.add_argument("--quick", action="store_true", help="one small round: does it work; figures mean nothing")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
