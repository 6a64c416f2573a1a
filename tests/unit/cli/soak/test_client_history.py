from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.soak.history import REFUSED, UNKNOWN, History, OrderHistory, Step


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl") as opened:
        yield opened


def completed(number: int = 1, order_id: str | None = None) -> OrderHistory:
    steps = [Step("create", 1.0, 0.5, "ok", ["503", "2xx"]), Step("completion", 2.0, 0.25, "ok", ["2xx"])]
    return OrderHistory(number, 3, str(uuid4()), order_id or str(uuid4()), "completed", ("completed",), steps)


def test_what_was_written_about_an_order_is_read_back_whole(history: History) -> None:
    order, other = completed(1), completed(2)
    history.add(order)
    history.add(other)
    assert history.of([str(order.order_id)]) == {order.order_id: order}


def test_an_order_lasts_from_its_first_request_to_its_last_answer() -> None:
    order = completed()
    assert (order.began, order.ended) == (1.0, 2.25)


def test_the_check_is_told_which_statuses_each_order_can_have(history: History) -> None:
    order = completed()
    order.outcome, order.possible = UNKNOWN, ("ready", "completed")
    history.add(order)
    assert history.known == {UUID(str(order.order_id)): ("ready", "completed")}


def test_an_unanswered_creation_is_counted_because_it_has_no_id(history: History) -> None:
    history.add(OrderHistory(1, 0, "car", None, UNKNOWN, (), [Step("create", 0.0, 150.0, UNKNOWN, ["TimeoutError"])]))
    assert (history.unknown_creations, history.known) == (1, {})


def test_a_refused_creation_leaves_nothing_to_look_for(history: History) -> None:
    history.add(OrderHistory(1, 0, "car", None, REFUSED, (), [Step("create", 0.0, 0.1, REFUSED, ["403"])]))
    assert (history.unknown_creations, history.known) == (0, {})


def test_requests_are_counted_by_outcome_and_every_further_try_as_a_retry(history: History) -> None:
    history.add(completed())
    assert history.requests.by_outcome == {"ok": 2}
    assert history.requests.answers == {"2xx": 2, "503": 1}
    assert history.requests.retries == 1


def test_every_order_that_ended_counts_whatever_became_of_it(history: History) -> None:
    history.add(completed())
    history.add(OrderHistory(2, 0, "car", None, UNKNOWN, (), [Step("create", 0.0)]))
    assert history.ended == 2
    assert history.outcomes == {"completed": 1, UNKNOWN: 1}
