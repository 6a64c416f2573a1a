import httpx
import pytest

from tests.chassis.http.people import Person


async def test_caller_is_who_the_token_names(client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.get("/v1/me", headers=person.headers)
    assert answer.json()["user_id"] == str(person.user_id)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_scheme_is_read_in_any_case(client: httpx.AsyncClient, person: Person, scheme: str) -> None:
    answer = await client.get("/v1/me", headers={"Authorization": f"{scheme} {person.token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        b"Basic dXNlcjpwYXNz",
        b"Bearer not.a.token",
        b"Bearer \xff\xfe\xfd",
        "Bearer т.о.к.е.н".encode(),
        b"Bearer " + b"a" * 60_000,
        b"\xf0\x9f\x9a\x97",
        b"Bearer eyJ.eyJ.eyJ, Bearer eyJ.eyJ.eyJ",
    ],
    ids=repr,
)
async def test_without_a_valid_token_the_answer_is_a_401_with_a_challenge(
    client: httpx.AsyncClient, value: bytes | None
) -> None:
    headers = [] if value is None else [(b"Authorization", value)]
    answer = await client.get("/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "urn:carpass:problem:unauthenticated"


async def test_caller_is_asked_for_before_anything_else_is_told(client: httpx.AsyncClient) -> None:
    garbage = await client.post("/v1/things", json={"unknown": 1})
    assert garbage.status_code == 401
    assert (await client.get("/v1/things/not-a-uuid")).status_code == 401
