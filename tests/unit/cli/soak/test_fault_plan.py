from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.soak.faults import BOT_API_ANSWERS, LINKS, PROCESSES, Fault, Kind, plan_faults
from cli.stack.plan import SERVICES

seeds = st.integers(min_value=0, max_value=2**32)


@given(seeds, st.integers(1, 5_000), st.integers(0, 60))
def test_the_same_seed_makes_the_same_plan(seed: int, orders: int, faults: int) -> None:
    assert plan_faults(seed, orders=orders, faults=faults) == plan_faults(seed, orders=orders, faults=faults)


def test_another_seed_makes_another_plan() -> None:
    plans = [tuple(plan_faults(seed, orders=1000, faults=20)) for seed in range(20)]
    assert len(set(plans)) == 20


@given(seeds, st.integers(1, 5_000), st.integers(1, 60))
def test_faults_are_numbered_and_strike_in_order_within_the_run(seed: int, orders: int, faults: int) -> None:
    plan = plan_faults(seed, orders=orders, faults=faults)
    assert [fault.number for fault in plan] == [*range(1, faults + 1)]
    assert all(earlier.after <= later.after for earlier, later in pairwise(plan))
    assert 0 <= plan[0].after <= plan[-1].after < orders


@given(seeds, st.floats(0.1, 40))
def test_no_fault_lasts_longer_than_told(seed: int, longest: float) -> None:
    plan = plan_faults(seed, orders=1000, faults=60, longest=longest)
    assert max(fault.seconds for fault in plan) <= longest + 0.05  # rounded to a tenth


@given(seeds)
def test_two_hundred_faults_leave_out_no_kind_and_no_place_to_kill(seed: int) -> None:
    plan = plan_faults(seed, orders=30_000, faults=200)
    assert {fault.kind for fault in plan} == set(Kind)
    assert {fault.target for fault in plan if fault.kind is Kind.KILL} == set(PROCESSES)
    assert {fault.target for fault in plan if fault.kind is Kind.TERMINATE} == set(SERVICES)
    assert {fault.target for fault in plan if fault.kind is Kind.BLACKHOLE} == set(LINKS)
    assert {fault.target for fault in plan if fault.kind is Kind.BOT_API} == set(BOT_API_ANSWERS)


@given(seeds)
def test_every_fault_strikes_a_place_that_it_can_strike(seed: int) -> None:
    places = {Kind.KILL: PROCESSES, Kind.PAUSE: PROCESSES, Kind.TERMINATE: SERVICES, Kind.BOT_API: BOT_API_ANSWERS}
    for fault in plan_faults(seed, orders=1000, faults=60):
        assert fault.target in places.get(fault.kind, LINKS)


@given(seeds)
def test_only_what_lasts_has_a_duration(seed: int) -> None:
    lasting = {Kind.PAUSE, Kind.BLACKHOLE, Kind.DELAY, Kind.REFUSE}
    for fault in plan_faults(seed, orders=1000, faults=60):
        assert (fault.seconds > 0) == (fault.kind in lasting)


@given(seeds)
def test_servers_are_struck_as_well_as_services(seed: int) -> None:
    struck = Counter(fault.target for fault in plan_faults(seed, orders=30_000, faults=200))
    assert struck["kafka"] >= 5
    assert struck["workorders-postgres"] >= 5


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault(1, 12, Kind.KILL, "trust-worker"), "after 12 orders: kill trust-worker"),
        (Fault(1, 0, Kind.PAUSE, "kafka", 3.5), "after 0 orders: pause kafka for 3.5 s"),
        (Fault(1, 5, Kind.DELAY, "kafka", 4.0, 0.2), "after 5 orders: delay kafka by 0.2 s for 4 s"),
        (Fault(1, 5, Kind.TERMINATE, "sto"), "after 5 orders: terminate the backends of sto"),
        (Fault(1, 5, Kind.BOT_API, "429", 0.0, 2), "after 5 orders: the Bot API answers 429, 2 times"),
    ],
)
def test_a_fault_reads_as_a_sentence(fault: Fault, line: str) -> None:
    assert str(fault) == line


def test_a_soak_without_faults_has_an_empty_plan() -> None:
    assert plan_faults(1, orders=10, faults=0) == []
