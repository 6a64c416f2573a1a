import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.jwks import parse_jwks
from tests.service.owners.conftest import NOTIFIER_CREDENTIAL, Owners
from tests.unit.owners.telegram_signing import (
    init_data,
    mini_app_fields,
    query,
    widget,
    with_hash,
    with_signature,
)


async def test_first_sign_in_registers_and_publishes_the_name_on_the_profile_topic_only(owners: Owners) -> None:
    anna = await owners.sign_in(language_code="en-GB")
    [registered] = await owners.events("owners.user")
    assert registered["type"] == "owners.user.registered"
    assert (registered["user_id"], registered["sequence"], registered["locale"]) == (str(anna.user_id), 1, "en")
    [profile] = await owners.events("owners.profile")
    assert (profile["display_name"], profile["sequence"]) == ("Анна Тест", 1)
    assert "Анна" not in str(await owners.events("owners.user"))
    assert str(anna.telegram_id) not in str(await owners.rows("SELECT payload::text FROM outbox"))


async def test_next_sign_in_is_the_same_user_and_keeps_the_chosen_name(owners: Owners) -> None:
    anna = await owners.sign_in()
    await owners.patch("/v1/me", anna, {"display_name": "Анна К."}, 1)
    owners.clock.advance(timedelta(seconds=1))
    again = await owners.sign_in(anna.telegram_id, first_name="Anna", last_name="")
    assert again.user_id == anna.user_id
    assert (await owners.get("/v1/me", again)).json()["display_name"] == "Анна К."
    assert len(await owners.events("owners.user")) == 1


@pytest.mark.parametrize("proof", ["hash", "signature", "both", "widget"])
async def test_each_kind_of_proof_signs_in_once(owners: Owners, proof: str) -> None:
    fields = mini_app_fields(owners.clock())
    bodies: dict[str, dict[str, Any]] = {
        "hash": {"init_data": query(with_hash(fields))},
        "signature": {"init_data": query(with_signature(fields))},
        "both": {"init_data": query(with_hash(with_signature(fields)))},
        "widget": {"login_widget": widget(owners.clock())},
    }
    first = await owners.client.post("/v1/auth/telegram", json=bodies[proof])
    assert (first.status_code, first.json()["registered"]) == (200, True)
    assert first.headers["cache-control"] == "no-store"
    again = await owners.client.post("/v1/auth/telegram", json=bodies[proof])
    assert again.status_code == 401
    assert again.json()["type"] == "urn:carpass:problem:sign-in-refused"


async def test_data_that_was_used_is_refused_with_less_proof_as_well(owners: Owners) -> None:
    both = with_hash(with_signature(mini_app_fields(owners.clock())))
    assert (await owners.client.post("/v1/auth/telegram", json={"init_data": query(both)})).status_code == 200
    del both["hash"]
    assert (await owners.client.post("/v1/auth/telegram", json={"init_data": query(both)})).status_code == 401


async def test_of_many_who_send_the_same_proof_at_once_one_signs_in(owners: Owners) -> None:
    data = init_data(owners.clock())
    answers = await asyncio.gather(
        *(owners.client.post("/v1/auth/telegram", json={"init_data": data}) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


async def test_first_sign_ins_of_one_person_on_two_phones_make_one_user(owners: Owners) -> None:
    people = await asyncio.gather(*(owners.sign_in(4_711) for _ in range(8)))
    assert len({person.user_id for person in people}) == 1
    assert len(await owners.rows("SELECT 1 FROM app_user")) == 1
    assert len(await owners.events("owners.user")) == len(await owners.events("owners.profile")) == 1


NO_SIGN_INS: list[dict[str, Any]] = [
    {"init_data": "hash=" + "0" * 64},
    {"init_data": "ключ=значение&hash=" + "0" * 64},
    {"init_data": "x" * 1_000_000},
    {"init_data": "a=1&a=1"},
    {"login_widget": {}},
    {"login_widget": {"id": [], "hash": {}}},
]


async def test_what_is_no_sign_in_answers_401(owners: Owners) -> None:
    for body in NO_SIGN_INS:
        answer = await owners.client.post("/v1/auth/telegram", json=body)
        assert answer.status_code == 401, body
        assert answer.headers["content-type"] == "application/problem+json"


WRONG_AGES: list[int] = [-301, 31]


async def test_stale_or_early_sign_in_answers_401(owners: Owners) -> None:
    for seconds in WRONG_AGES:
        data = init_data(owners.clock() + timedelta(seconds=seconds))
        assert (await owners.client.post("/v1/auth/telegram", json={"init_data": data})).status_code == 401
        assert await owners.rows("SELECT 1 FROM app_user") == []


WRONG_BODIES: list[dict[str, Any]] = [{}, {"init_data": "a", "login_widget": {}}, {"init_data": 5}, {"user_id": "x"}]


async def test_body_must_hold_one_kind_of_proof(owners: Owners) -> None:
    for body in WRONG_BODIES:
        assert (await owners.client.post("/v1/auth/telegram", json=body)).status_code == 422


async def test_used_proofs_are_forgotten_once_they_are_too_old_anyway(owners: Owners) -> None:
    await owners.sign_in()
    owners.clock.advance(timedelta(minutes=8))
    await owners.sign_in()
    assert len(await owners.rows("SELECT 1 FROM sign_in_proof")) == 1


async def test_access_token_names_user_and_session_for_fifteen_minutes_and_nothing_else(owners: Owners) -> None:
    anna = await owners.sign_in()
    published = await owners.client.get("/.well-known/jwks.json")
    keys = parse_jwks(published.content)
    header = jwt.get_unverified_header(anna.access_token)
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    claims = jwt.decode(anna.access_token, keys[header["kid"]], algorithms=["EdDSA"], audience="carpass")
    assert claims.pop("exp") - claims.pop("iat") == 900
    [session] = await owners.rows("SELECT id FROM session")
    assert claims == {"iss": "carpass", "aud": "carpass", "sub": str(anna.user_id), "sid": str(session.id)}


async def test_all_keys_are_published_and_the_last_by_name_signs(owners: Owners) -> None:
    document = (await owners.client.get("/.well-known/jwks.json")).json()
    anna = await owners.sign_in()
    assert len(document["keys"]) == 2
    assert all(set(key) == {"kty", "crv", "x", "kid", "use", "alg"} for key in document["keys"])
    assert jwt.get_unverified_header(anna.access_token)["kid"] == document["keys"][-1]["kid"]


async def refresh(owners: Owners, token: str) -> tuple[int, dict[str, Any]]:
    answer = await owners.client.post("/v1/auth/refresh", json={"refresh_token": token})
    return answer.status_code, answer.json()


async def test_refresh_token_is_replaced_at_each_use_and_stored_as_a_hash(owners: Owners) -> None:
    anna = await owners.sign_in()
    status, second = await refresh(owners, anna.refresh_token)
    assert status == 200
    assert UUID(second["user_id"]) == anna.user_id
    assert second["refresh_token"] != anna.refresh_token
    status, _ = await refresh(owners, second["refresh_token"])
    assert status == 200
    stored = str(await owners.rows("SELECT encode(digest, 'escape') FROM refresh_token"))
    assert anna.refresh_token not in stored


async def test_second_use_of_a_refresh_token_ends_the_whole_family(owners: Owners) -> None:
    anna, other = await owners.sign_in(1_000), await owners.sign_in(2_000)
    _, second = await refresh(owners, anna.refresh_token)
    status, problem = await refresh(owners, anna.refresh_token)
    assert (status, problem["type"]) == (401, "urn:carpass:problem:session-ended")
    assert (await refresh(owners, second["refresh_token"]))[0] == 401
    assert (await refresh(owners, other.refresh_token))[0] == 200
    [session] = await owners.rows("SELECT revoked_because FROM session WHERE user_id = :id", id=anna.user_id)
    assert session.revoked_because == "reuse"


async def test_of_many_refreshes_with_one_token_at_once_one_succeeds_and_the_session_ends(owners: Owners) -> None:
    anna = await owners.sign_in()
    answers = await asyncio.gather(*(refresh(owners, anna.refresh_token) for _ in range(10)))
    assert sorted(status for status, _ in answers) == [200] + [401] * 9
    [winner] = [body for status, body in answers if status == 200]
    assert (await refresh(owners, winner["refresh_token"]))[0] == 401


async def test_refresh_token_expires_after_thirty_days(owners: Owners) -> None:
    anna, bella = await owners.sign_in(1_000), await owners.sign_in(2_000)
    owners.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    assert (await refresh(owners, anna.refresh_token))[0] == 200
    owners.clock.advance(timedelta(seconds=1))
    assert (await refresh(owners, bella.refresh_token))[0] == 401


UNKNOWN_TOKENS: list[str] = ["", "x", "A" * 43, "ж" * 43, "A" * 200]


async def test_unknown_refresh_token_answers_401(owners: Owners) -> None:
    for token in UNKNOWN_TOKENS:
        assert (await refresh(owners, token))[0] == 401


async def test_sessions_that_nothing_can_refresh_go_at_the_next_sign_in(owners: Owners) -> None:
    anna = await owners.sign_in(1_000)
    owners.clock.advance(timedelta(days=29))
    await owners.sign_in(1_000)
    assert len(await owners.rows("SELECT 1 FROM session")) == 2
    owners.clock.advance(timedelta(days=2))
    again = await owners.sign_in(1_000)
    assert again.user_id == anna.user_id
    assert len(await owners.rows("SELECT 1 FROM session")) == len(await owners.rows("SELECT 1 FROM refresh_token")) == 2


async def test_logout_ends_the_session_that_it_is_asked_in(owners: Owners) -> None:
    anna = await owners.sign_in(1_000)
    owners.clock.advance(timedelta(seconds=1))
    elsewhere = await owners.sign_in(1_000)
    assert (await owners.post("/v1/auth/logout", anna)).status_code == 204
    assert (await owners.post("/v1/auth/logout", anna)).status_code == 204
    assert (await refresh(owners, anna.refresh_token))[0] == 401
    assert (await refresh(owners, elsewhere.refresh_token))[0] == 200


async def test_notifier_gets_a_five_minute_token_of_a_user_it_knows_by_telegram_id(owners: Owners) -> None:
    anna = await owners.sign_in()
    headers = {"Authorization": f"Bearer {NOTIFIER_CREDENTIAL}"}
    answer = await owners.client.post("/v1/auth/bot", json={"telegram_id": anna.telegram_id}, headers=headers)
    assert answer.status_code == 200
    body = answer.json()
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["exp"] - claims["iat"], body["expires_in"]) == (str(anna.user_id), 300, 300)
    me = await owners.client.get("/v1/me", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert me.status_code == 200
    unknown = await owners.client.post("/v1/auth/bot", json={"telegram_id": 1}, headers=headers)
    assert unknown.status_code == 404


WRONG_CREDENTIALS: list[str | None] = [
    None,
    "",
    "wrong",
    NOTIFIER_CREDENTIAL + "x",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
]


async def test_nobody_else_gets_a_token_for_a_telegram_id(owners: Owners) -> None:
    anna = await owners.sign_in()
    for credential in WRONG_CREDENTIALS:
        headers = {} if credential is None else {b"Authorization": f"Bearer {credential}".encode()}
        answer = await owners.client.post("/v1/auth/bot", json={"telegram_id": anna.telegram_id}, headers=headers)
        assert answer.status_code == 401, credential


async def test_token_that_somebody_else_signed_answers_401(owners: Owners) -> None:
    anna = await owners.sign_in()
    claims = jwt.decode(anna.access_token, options={"verify_signature": False})
    header = jwt.get_unverified_header(anna.access_token)
    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=header)
    for token, status in ((anna.access_token, 200), (forged, 401)):
        answer = await owners.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
