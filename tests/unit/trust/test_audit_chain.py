from dataclasses import replace

import pytest

from trust.domain.audit_chain import GENESIS, Checkpoint, Link, first_break, link_hash


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS
    for height in range(1, length + 1):
        record = f"record {height}".encode()
        links.append(Link(height, record, previous, link_hash(previous, record), columns_agree=True))
        previous = links[-1].hash
    return links


WHOLE = chain(5)


def broken(links: list[Link], checkpoints: tuple[Checkpoint, ...] = ()) -> str | None:
    return first_break(links, checkpoints, height=5, head=WHOLE[-1].hash)


def rewritten_from_the_third() -> list[Link]:
    links, previous = WHOLE[:2], WHOLE[1].hash
    for link in WHOLE[2:]:
        record = b"not so: " + link.record
        links = [*links, Link(link.height, record, previous, link_hash(previous, record), columns_agree=True)]
        previous = links[-1].hash
    return links


def test_a_whole_chain_is_whole_and_so_is_an_empty_one() -> None:
    assert broken(WHOLE, (Checkpoint(3, WHOLE[2].hash),)) is None
    assert first_break([], (), height=0, head=GENESIS) is None


@pytest.mark.parametrize(
    ("links", "row"),
    [
        ([*WHOLE[:2], replace(WHOLE[2], record=b"altered"), *WHOLE[3:]], "row 3 was altered"),
        ([*WHOLE[:2], replace(WHOLE[2], columns_agree=False), *WHOLE[3:]], "row 3 was altered"),
        ([*WHOLE[:2], *WHOLE[3:]], "row 3 is missing"),
        ([WHOLE[0], replace(WHOLE[2], height=2), replace(WHOLE[1], height=3), *WHOLE[3:]], "row 2 does not follow"),
        (WHOLE[:3], "row 4 is missing"),
        ([], "row 1 is missing"),
    ],
)
def test_first_touched_row_is_named(links: list[Link], row: str) -> None:
    assert (broken(links) or "").startswith(row)


def test_a_chain_rewritten_with_new_hashes_differs_from_its_checkpoint() -> None:
    links = rewritten_from_the_third()
    found = first_break(links, [Checkpoint(4, WHOLE[3].hash)], height=5, head=links[-1].hash)
    assert (found or "").startswith("row 4 differs from its signed checkpoint")


def test_a_chain_cut_off_together_with_its_end_is_shorter_than_its_checkpoint() -> None:
    found = first_break(WHOLE[:3], [Checkpoint(5, WHOLE[4].hash)], height=3, head=WHOLE[2].hash)
    assert (found or "").startswith("row 4 is missing")
