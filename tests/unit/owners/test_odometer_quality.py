"""The verdicts on the labelled histories: what docs/odometer.md says of them, and what they must never fall below."""

from tests.unit.owners.odometer_quality.histories import EACH, History, labelled_histories
from tests.unit.owners.odometer_quality.report import DOCUMENT, measure, right_value_found, written


def histories(*kinds: str) -> list[History]:
    return [one for one in labelled_histories() if one.kind in kinds]


def test_the_document_shows_what_is_measured() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert written(document) == document, "python -m tests.unit.owners.odometer_quality writes it anew"


def test_nobody_who_is_honest_is_doubted() -> None:
    kinds = ("honest", "parked", "sold abroad")
    found = histories(*kinds)
    assert len(found) == EACH * len(kinds)
    assert measure(found).recall("ok") == 1


def test_every_rollback_is_seen_and_no_right_reading_is_called_one() -> None:
    kinds = ("rolled back", "typo", "swapped units", "corrected center entry", "honest", "parked", "sold abroad")
    measured = measure(histories(*kinds))
    assert measured.count(deserved="rollback", given="rollback") > EACH
    assert measured.recall("rollback") == 1
    assert measured.count(deserved="ok", given="rollback") == 0


def test_slips_are_quarantined_with_what_was_meant_among_the_candidates() -> None:
    found = histories("typo", "swapped units")
    recall = measure(found).recall("quarantined")
    assert recall is not None
    assert recall > 0.95
    slips, among, first = right_value_found(found)
    assert slips > EACH
    assert among > 0.95 * slips
    assert first > 0.75 * slips


def test_a_corrected_entry_of_a_center_leaves_no_trace() -> None:
    measured = measure(histories("corrected center entry"))
    assert (measured.recall("ok"), measured.recall("replaced")) == (1, 1)


def test_a_replaced_meter_hides_nothing_and_nobody_is_doubted_for_it() -> None:
    found = histories("replaced meter")
    assert len(found) == EACH
    assert all(one.replacements for one in found)
    measured = measure(found)
    assert measured.count(deserved="ok", given="rollback") == 0
    ok = measured.recall("ok")
    assert ok is not None
    assert ok > 0.995
    unaware = measure(History(one.kind, one.readings) for one in found)
    assert unaware.count(deserved="ok", given="rollback") > EACH
