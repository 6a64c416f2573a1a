from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cli.soak.orders import Fate, PlannedOrder, planned_order

orders = st.builds(planned_order, st.integers(0, 2**32), st.integers(0, 100_000))


@given(st.integers(0, 2**32), st.integers(0, 100_000))
def test_the_same_seed_makes_the_same_order(seed: int, number: int) -> None:
    assert planned_order(seed, number) == planned_order(seed, number)


def test_most_orders_are_completed_and_a_few_declined_or_cancelled() -> None:
    fates = Counter(planned_order(7, number).fate for number in range(2_000))
    assert fates[Fate.COMPLETED] > 1_700
    assert min(fates[Fate.DECLINED], fates[Fate.CANCELLED]) > 30


@given(orders)
def test_a_completed_order_has_authorised_work_and_a_declined_one_has_none(order: PlannedOrder) -> None:
    planned = order
    some = any(job.authorised for job in planned.jobs)
    assert some == (planned.fate is not Fate.DECLINED)


@given(orders)
def test_every_job_has_its_labor(order: PlannedOrder) -> None:
    assert all(job.labor["hours"] and job.title for job in order.jobs)


def test_some_odometers_cannot_be_read_and_the_others_go_forward() -> None:
    driven = [planned_order(7, number).driven for number in range(500)]
    assert None in driven
    assert all(tenths > 0 for tenths in driven if tenths is not None)
