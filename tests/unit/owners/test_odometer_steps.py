"""The quick searches of the verdict rule against what the rule says, tried pair by pair."""

from itertools import combinations

from hypothesis import given

from owners.domain.odometer.chain import ATTESTED_WEIGHT, heaviest_chain
from owners.domain.odometer.ordering import Placed, in_order
from owners.domain.odometer.plausibility import median, unsupported
from owners.domain.odometer.reach import may_follow
from owners.domain.odometer.reading import Reading
from owners.domain.odometer.rollback import rolled_back
from tests.unit.owners.odometer_cases import reading, readings


def chain_by_trying_every_pair(ordered: list[Placed], max_km: int) -> list[int]:
    eligible = [one for one in ordered if one.km <= max_km]
    best: dict[int, tuple[int, list[int]]] = {}
    for one in reversed(eligible):
        rests = [best[other.place] for other in eligible if other.place > one.place and may_follow(one, other)]
        weight, places = max(rests, key=lambda rest: (rest[0], [-place for place in rest[1]]), default=(0, []))
        best[one.place] = (weight + (ATTESTED_WEIGHT if one.attested else 1), [one.place, *places])
    return max(best.values(), key=lambda rest: (rest[0], [-place for place in rest[1]]), default=(0, []))[1]


def rollbacks_by_trying_every_pair(ordered: list[Placed]) -> set[int]:
    found: set[int] = set()
    for before, after in combinations(ordered, 2):
        if before.day == after.day or not may_follow(before, after):
            continue
        for attested in ordered:
            if attested.attested and attested.day < before.day:
                drop = max(50_000, attested.km)  # metres: 50 km or 0.1 %
                if attested.km * 1_000 - after.km * 1_000 > drop:
                    found |= {before.place, after.place}
    return found


@given(readings(max_size=16))
def test_quick_chain_is_the_heaviest_and_earliest(car: list[Reading]) -> None:
    ordered = in_order(car)
    found = heaviest_chain(ordered, max_km=1_000_000)
    assert [one.place for one in found] == chain_by_trying_every_pair(ordered, 1_000_000)


@given(readings(max_size=16))
def test_quick_rollbacks_are_all_rollbacks(car: list[Reading]) -> None:
    ordered = in_order(car)
    assert rolled_back(ordered) == rollbacks_by_trying_every_pair(ordered)


def test_chain_of_a_filtered_history_names_its_own_readings() -> None:
    ordered = in_order([reading(100, 0), reading(90_000, 1), reading(50, 2), reading(60, 3), reading(70, 4)])
    rest = [one for one in ordered if one.km != 100]
    assert [one.km for one in heaviest_chain(rest, max_km=1_000_000)] == [50, 60, 70]


def test_no_chain_has_nothing_unsupported() -> None:
    assert unsupported([]) == set()
    assert unsupported(in_order([reading(5)])) == set()


def test_median_of_an_even_number_is_the_mean_of_the_middle_two() -> None:
    assert [median([]), median([3]), median([3, 6]), median([1, 2, 9])] == [0, 3, 4, 2]
