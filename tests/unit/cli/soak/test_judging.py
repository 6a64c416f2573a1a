"""What the check says of ledgers that are wrong in one place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.operations.effects import OrderEffects, Report
from cli.operations.ordering import OrderReport, OutOfOrder
from cli.soak.history import UNKNOWN, BadAnswer, History, OrderHistory, Step
from cli.soak.judging import judge_chat, judge_clients, judge_effects, judge_events, judge_mirrors, judge_orders
from cli.soak.ledger import MIRRORS, Ledger, StoredOrder
from cli.soak.violations import Breach

ORDER = UUID(int=1)
CENTER = UUID(int=2)
COMPLETED = StoredOrder("completed", 5, "completed", sealed=True)
READINGS = next(mirror for mirror in MIRRORS if mirror.name == "reading in trust")


def ledger(stored: StoredOrder = COMPLETED) -> Ledger:
    return Ledger(
        orders={ORDER: stored},
        jumps={},
        gaps={},
        audited={ORDER: 5},
        sequences={"workorders.workorder": {ORDER: 5}},
        mirrors={READINGS: ({UUID(int=9): 1}, {UUID(int=9): 1})},
    )


def on_topics(last: int = 5) -> OrderReport:
    return OrderReport(events=5, last={"workorders.workorder": {str(ORDER): last}})


def history(tmp_path: Path, possible: tuple[str, ...] = ("completed",), *, order_id: UUID = ORDER) -> History:
    with History(tmp_path / "history.jsonl") as made:
        outcome = possible[0] if len(possible) == 1 else UNKNOWN
        made.add(OrderHistory(1, 0, "car", str(order_id), outcome, possible, [Step("completion", 1.0)]))
    return made


def test_a_whole_ledger_has_no_violation(tmp_path: Path) -> None:
    whole = ledger()
    assert list(judge_clients(history(tmp_path), whole)) == []
    assert list(judge_orders(whole)) == []
    assert list(judge_events(whole, on_topics())) == []
    assert list(judge_mirrors(whole)) == []


def test_an_order_that_its_client_saw_and_the_database_lacks_is_lost(tmp_path: Path) -> None:
    found = judge_clients(history(tmp_path, order_id=CENTER), replace(ledger(), orders={}))
    assert [(each.breach, each.order_id) for each in found] == [(Breach.LOST, str(CENTER))]


def test_an_order_that_no_client_knows_and_that_was_worked_on_is_made_up(tmp_path: Path) -> None:
    with History(tmp_path / "history.jsonl") as seen:
        seen.add(OrderHistory(1, 0, "car", None, UNKNOWN, (), [Step("create", 1.0)]))
    assert [found.breach for found in judge_clients(seen, ledger())] == [Breach.MADE_UP]


def test_a_completion_that_was_answered_and_is_not_stored_is_lost(tmp_path: Path) -> None:
    [found] = judge_clients(history(tmp_path), ledger(StoredOrder("ready", 4, "ready", sealed=False)))
    assert (found.breach, found.order_id) == (Breach.LOST, str(ORDER))


@pytest.mark.parametrize("status", ["ready", "completed"])
def test_an_unanswered_completion_may_have_happened_or_not(tmp_path: Path, status: str) -> None:
    stored = StoredOrder(status, 5, status, sealed=status == "completed")
    assert list(judge_clients(history(tmp_path, ("ready", "completed")), ledger(stored))) == []


def test_two_orders_for_one_unanswered_creation_are_doubled(tmp_path: Path) -> None:
    with History(tmp_path / "history.jsonl") as seen:
        seen.add(OrderHistory(1, 0, "car", None, UNKNOWN, (), [Step("create", 1.0)]))
    draft = StoredOrder("draft", 1, "draft", sealed=False)
    one = replace(ledger(draft))
    assert list(judge_clients(seen, one)) == []
    two = replace(one, orders={ORDER: draft, uuid4(): draft})
    assert {found.breach for found in judge_clients(seen, two)} == {Breach.DOUBLED}


def test_an_answer_that_nobody_may_get_is_told_with_its_trace(tmp_path: Path) -> None:
    seen = history(tmp_path)
    seen.bad_answers.append(BadAnswer(1, str(ORDER), "completion", 500, "abc123", "Internal error"))
    [found] = judge_clients(seen, ledger())
    assert found.breach is Breach.BAD_ANSWER
    assert "abc123" in found.what


@pytest.mark.parametrize(
    ("stored", "breach"),
    [
        (replace(COMPLETED, told="ready"), Breach.BROKEN_CHAIN),
        (replace(COMPLETED, sealed=False), Breach.LOST),
        (StoredOrder("ready", 5, "ready", sealed=True), Breach.MADE_UP),
    ],
)
def test_an_order_that_disagrees_with_itself_is_found(stored: StoredOrder, breach: Breach) -> None:
    assert [found.breach for found in judge_orders(ledger(stored))] == [breach]


def test_a_jump_in_the_status_history_and_a_missing_number_are_found() -> None:
    wrong = replace(ledger(), jumps={ORDER: "from ready after draft (step 4)"}, gaps={CENTER: 1})
    assert [found.breach for found in judge_orders(wrong)] == [Breach.OUT_OF_ORDER, Breach.LOST]


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        (lambda whole: (replace(whole, audited={ORDER: 4}), on_topics()), Breach.LOST),
        (lambda whole: (replace(whole, audited={ORDER: 6}), on_topics()), Breach.DOUBLED),
        (lambda whole: (whole, on_topics(last=4)), Breach.LOST),
        (lambda whole: (whole, on_topics(last=6)), Breach.MADE_UP),
    ],
)
def test_events_that_are_missing_or_too_many_are_found(
    change: Callable[[Ledger], tuple[Ledger, OrderReport]], breach: Breach
) -> None:
    assert [(found.breach, found.order_id) for found in judge_events(*change(ledger()))] == [(breach, str(ORDER))]


def test_an_event_that_came_too_early_is_found() -> None:
    told = on_topics()
    told.broken.append(OutOfOrder("workorders.workorder", str(ORDER), 4, 2, 17))
    [found] = judge_events(ledger(), told)
    assert (found.breach, found.order_id) == (Breach.OUT_OF_ORDER, str(ORDER))


@pytest.mark.parametrize(
    ("rows", "breach"),
    [({}, Breach.LOST), ({UUID(int=9): 2}, Breach.DOUBLED), ({UUID(int=9): 1, UUID(int=8): 1}, Breach.MADE_UP)],
)
def test_a_mirror_that_differs_from_its_source_is_found(rows: Mapping[UUID, int], breach: Breach) -> None:
    wrong = replace(ledger(), mirrors={READINGS: (rows, {UUID(int=9): 1})})
    assert [found.breach for found in judge_mirrors(wrong)] == [breach]


def test_effects_that_are_missing_doubled_wrong_or_strange_are_found() -> None:
    effects = OrderEffects(ORDER, {"expense in owners": 2}, ("audit row in trust",), ("expense in owners",), ("hash",))
    report = Report([effects], {"expense in owners": [CENTER]}, {"owners": 0}, {"owners": 0, "trust": 3})
    assert [found.breach for found in judge_effects(report)] == [
        Breach.LOST,
        Breach.DOUBLED,
        Breach.BROKEN_CHAIN,
        Breach.MADE_UP,
        Breach.DEAD_LETTER,
    ]


def messages(*ids: int) -> list[dict[str, object]]:
    return [{"message_id": each, "from": {"is_bot": True}} for each in ids]


def test_a_message_of_unknown_outcome_may_be_in_the_chat() -> None:
    assert list(judge_chat(1, messages(1, 2, 3), {2}, unsettled=1, before=1)) == []


def test_a_message_that_nobody_knows_of_was_sent_twice() -> None:
    [found] = judge_chat(1, messages(1, 2, 3), {2}, unsettled=0, before=1)
    assert found.breach is Breach.DOUBLED


def test_a_message_that_counts_as_sent_and_is_not_there_is_lost() -> None:
    [found] = judge_chat(1, messages(1), {2}, unsettled=0, before=1)
    assert found.breach is Breach.LOST
