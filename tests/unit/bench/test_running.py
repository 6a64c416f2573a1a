import json
from pathlib import Path

import pytest

from bench.harness.context import Context
from bench.harness.open_loop import open_loop
from bench.harness.report import Report, Result, lines
from bench.harness.running import load, run_suite, suite_names
from bench.harness.servers import Servers
from bench.harness.suite import InvalidRun
from tests.unit.bench.standins import StandInSuite


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path, Servers(tmp_path), rounds=4)


async def test_baseline_and_subject_take_turns_as_abba(context: Context) -> None:
    suite = StandInSuite()
    await run_suite(suite, context)
    assert "".join(suite.asked) == "ABBAABBA"


async def test_a_suite_may_have_fewer_rounds_than_were_asked_for(context: Context) -> None:
    assert len((await run_suite(StandInSuite(most_rounds=2), context)).rounds) == 2


@pytest.mark.parametrize(
    ("rate", "verdict", "passed"), [(100.0, "goal", True), (90.0, "must", True), (79.0, "MISSED", False)]
)
async def test_the_median_ratio_is_judged(context: Context, rate: float, verdict: str, *, passed: bool) -> None:
    result = await run_suite(StandInSuite(subject_rate=rate), context)
    [judged] = result.judged
    assert judged.ratio.median == pytest.approx(rate / 100)
    assert (judged.verdict, result.passed) == (verdict, passed)


async def test_a_broken_invariant_makes_the_run_invalid_whatever_its_figures(context: Context) -> None:
    result = await run_suite(StandInSuite(subject_rate=500, broken=["one event is lost"]), context)
    assert result.invalid == "one event is lost"
    assert not result.passed
    assert "  INVALID: one event is lost" in lines(result)


async def test_a_saturated_load_generator_makes_the_run_invalid(context: Context) -> None:
    assert (await run_suite(StandInSuite(saturated=True), context)).invalid == "the load generator is full"


async def test_a_suite_that_fails_is_invalid_and_leaves_nothing_behind(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = StandInSuite(fails=True)
    result = await run_suite(suite, context)
    assert result.invalid == "ValueError: no such table"
    assert suite.closed
    assert "no such table" in capsys.readouterr().err


async def test_a_generator_that_cannot_keep_its_rate_says_so() -> None:
    async def begin(_: int) -> None:
        """Nothing: the rate alone is beyond any machine."""

    with pytest.raises(InvalidRun, match="too late"):
        await open_loop(range(200_000), 1e9, begin)


async def test_an_open_loop_begins_everything_and_keeps_the_order() -> None:
    async def begin(item: int) -> int:
        return item * 2

    assert await open_loop([1, 2, 3], 1000.0, begin) == [2, 4, 6]


async def test_the_document_has_every_round(context: Context, tmp_path: Path) -> None:
    result = await run_suite(StandInSuite(), context)
    Report([result], {"python": "3"}).write(tmp_path / "out.json")
    document = json.loads((tmp_path / "out.json").read_text())
    [written] = document["results"]
    assert [len(written["rounds"]), written["judged"][0]["verdict"], document["versions"]] == [
        4,
        "must",
        {"python": "3"},
    ]
    assert written["rounds"][0]["subject"]["per_second"] == pytest.approx(90.0)


@pytest.mark.parametrize("name", suite_names())
def test_every_file_of_suites_is_a_benchmark_of_its_name(name: str) -> None:
    suite = load(name)
    assert suite.name == name
    assert suite.limits
    assert suite.most_rounds >= 1
    for limit in suite.limits.values():
        assert limit.reached(limit.goal, limit.must), "the goal is at least as good as what must be"


def test_a_result_without_figures_is_no_success() -> None:
    assert not Result("relay", "", 1.0, invalid="Kafka did not start").passed
