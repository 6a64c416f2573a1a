from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.service.sto.conftest import PROFILE, Sto
from tests.support.people import Person

SEARCH = "/v1/service-centers"
KREMLIN: dict[str, Any] = {"latitude": 55.7520, "longitude": 37.6175}


async def names(sto: Sto, person: Person | None = None, /, **parameters: Any) -> list[str]:
    """All pages of a search, asked two at a time."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await sto.get(SEARCH, person or Person(), limit=2, **parameters, **cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [center["name"] for center in page["data"]]
        assert page["has_more"] is (page["next_cursor"] is not None)
        if not page["has_more"]:
            return found
        cursor = {"cursor": page["next_cursor"]}


def at(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude": latitude, "longitude": longitude}


def in_city(city: str) -> dict[str, Any]:
    return {**PROFILE["address"], "city": city}


async def test_strangers_find_approved_centers_only(sto: Sto) -> None:
    owner = Person()
    await sto.found(owner, name="Draft")
    await sto.approved(owner, name="Approved")
    assert await names(sto) == ["Approved"]
    assert await names(sto, owner) == ["Approved"]


async def test_people_find_the_centers_where_they_work_approved_or_not(sto: Sto) -> None:
    owner, other = Person(), Person()
    draft = await sto.found(owner, name="Draft")
    await sto.approved(owner, name="Approved")
    await sto.approved(other, name="Another's")
    assert await names(sto, owner, mine=True) == ["Draft", "Approved"]
    mechanic, employment = await sto.hire(draft, owner, "mechanic")
    assert await names(sto, mechanic, mine=True) == ["Draft"]
    await sto.post(f"{employment}/deactivation", owner)
    assert await names(sto, mechanic, mine=True) == []


async def test_a_search_names_the_role_of_the_caller(sto: Sto) -> None:
    owner = Person()
    await sto.approved(owner)
    assert (await sto.get(SEARCH, owner)).json()["data"][0]["my_role"] == "owner"
    assert (await sto.get(SEARCH, Person())).json()["data"][0]["my_role"] is None


async def test_a_city_a_part_of_the_name_and_a_speciality_all_narrow_a_search(sto: Sto) -> None:
    owner = Person()
    await sto.approved(owner, name="Мастер Тормоз", address=in_city("Тверь"), specialities=["brakes"])
    await sto.approved(owner, name="Мастер Шин", address=in_city("Тверь"), specialities=["tyres"])
    await sto.approved(owner, name="100% Тормоз_а", address=in_city("Клин"), specialities=["brakes", "tyres"])
    assert await names(sto, city=" тверь ") == ["Мастер Тормоз", "Мастер Шин"]
    assert await names(sto, name="ТОРМОЗ") == ["Мастер Тормоз", "100% Тормоз_а"]
    assert await names(sto, speciality="brakes") == ["Мастер Тормоз", "100% Тормоз_а"]
    assert await names(sto, city="Тверь", name="мастер", speciality="tyres") == ["Мастер Шин"]
    assert await names(sto, name="%") == ["100% Тормоз_а"]
    assert await names(sto, name="_") == ["100% Тормоз_а"]
    assert await names(sto, city="Тула") == []


async def test_a_search_around_a_place_finds_the_nearest_first_and_none_beyond_the_radius(sto: Sto) -> None:
    owner = Person()
    await sto.approved(owner, name="Podolsk", location=at(55.4311, 37.5447))
    await sto.approved(owner, name="Taganka", location=at(55.7424, 37.6533))
    await sto.approved(owner, name="Petersburg", location=at(59.9343, 30.3351))
    await sto.approved(owner, name="Arbat", location=at(55.7494, 37.5911))
    await sto.approved(owner, name="Corner of the box", location=at(55.9800, 38.0000))
    assert await names(sto, **KREMLIN, radius_km=5) == ["Arbat", "Taganka"]
    assert await names(sto, **KREMLIN, radius_km=30) == ["Arbat", "Taganka"]
    assert await names(sto, **KREMLIN, radius_km=40) == ["Arbat", "Taganka", "Corner of the box", "Podolsk"]
    first = (await sto.get(SEARCH, owner, **KREMLIN, radius_km=5)).json()["data"][0]
    assert first["distance_m"] == pytest.approx(1680, abs=20)


async def test_centers_at_the_same_place_are_all_found_page_by_page(sto: Sto) -> None:
    owner = Person()
    wanted = {f"Center {number}" for number in range(5)}
    for name in wanted:
        await sto.approved(owner, name=name)
    found = await names(sto, **PROFILE["location"], radius_km=1)
    assert len(found) == 5
    assert set(found) == wanted


async def test_a_search_crosses_the_date_line(sto: Sto) -> None:
    owner = Person()
    await sto.approved(owner, name="Taveuni", location=at(-16.85, 179.97))
    await sto.approved(owner, name="Rabi", location=at(-16.50, -179.98))
    assert await names(sto, latitude=-16.7, longitude=-179.99, radius_km=60) == ["Taveuni", "Rabi"]


NONSENSE: list[tuple[dict[str, Any], int]] = [
    ({"latitude": 55.7}, 422),
    ({"latitude": 55.7, "longitude": 37.6}, 422),
    ({"radius_km": 5}, 422),
    ({**KREMLIN, "radius_km": 0}, 422),
    ({**KREMLIN, "radius_km": "nan"}, 422),
    ({**KREMLIN, "radius_km": "inf"}, 422),
    ({"latitude": "nan", "longitude": 0, "radius_km": 5}, 422),
    ({"speciality": "cooking"}, 422),
    ({"limit": 101}, 422),
    ({"name": ""}, 422),
    ({"cursor": "tver"}, 400),
    ({**KREMLIN, "radius_km": 5, "cursor": "тверь"}, 400),
    ({**KREMLIN, "radius_km": 5, "cursor": ""}, 400),
]


async def test_a_search_that_makes_no_sense_is_refused(sto: Sto) -> None:
    for parameters, status in NONSENSE:
        answer = await sto.get(SEARCH, Person(), **parameters)
        assert answer.status_code == status, parameters


async def test_a_cursor_of_another_search_is_refused(sto: Sto) -> None:
    owner = Person()
    for _ in range(2):
        await sto.approved(owner)
    around = {**PROFILE["location"], "radius_km": 1}
    by_age = (await sto.get(SEARCH, owner, limit=1)).json()["next_cursor"]
    by_distance = (await sto.get(SEARCH, owner, limit=1, **around)).json()["next_cursor"]
    assert (await sto.get(SEARCH, owner, cursor=by_distance)).status_code == 400
    assert (await sto.get(SEARCH, owner, cursor=by_age, **around)).status_code == 400


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("city_key = 'city 7'", "service_center_city"),
        ("latitude BETWEEN 7.1 AND 7.2 AND longitude BETWEEN 7.1 AND 7.2", "service_center_place"),
        ("(created_at, id) > (now() - interval '1 day', gen_random_uuid())", "service_center_newest"),
    ],
)
async def test_a_search_under_row_level_security_uses_an_index(sto: Sto, condition: str, index: str) -> None:
    await sto.execute(
        """
        INSERT INTO service_center (id, name, name_key, city, city_key, street, latitude, longitude, phones,
            specialities, makes, time_zone, currency, prices_include_tax, verification, created_by, created_at,
            sequence, version)
        SELECT gen_random_uuid(), n, n, n, 'city ' || n % 1000, n, n * 80.0 / 20000, n * 80.0 / 20000, '{}', '{}', '{}',
            'UTC', 'RUB', true, 'approved', gen_random_uuid(), now() - n * interval '1 minute', 1, 1
        FROM generate_series(1, 20000) AS n
        """
    )
    await sto.execute("ANALYZE service_center")
    async with sto.api.transaction(user_id=uuid4()) as tx:
        plan = await tx.execute(
            text(
                f"EXPLAIN SELECT * FROM service_center WHERE verification = 'approved' AND {condition} "  # noqa: S608
                "ORDER BY created_at, id LIMIT 20"
            )
        )
        assert index in "\n".join(plan.scalars())
