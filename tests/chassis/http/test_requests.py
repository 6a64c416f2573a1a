"""What a request may look like: bodies, URLs, preconditions, pages."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.chassis.http.people import NewPerson, Person

PROBLEM = "application/problem+json"


def _is_problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    problem = answer.json()
    assert problem["type"] == f"urn:carpass:problem:{slug}"
    assert problem["status"] == status
    assert problem["trace_id"] == answer.headers["X-Trace-Id"]


async def _send(
    client: httpx.AsyncClient, person: Person, body: bytes, content_type: str | None = "application/json"
) -> httpx.Response:
    headers = person.acting()
    if content_type is not None:
        headers["Content-Type"] = content_type
    return await client.post("/v1/things", content=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"name": "a", "name": "b"}', id="duplicate keys"),
        pytest.param(b'{"name": "a", "weight": NaN}', id="NaN"),
        pytest.param(b'{"name": "a", "weight": Infinity}', id="infinity"),
        pytest.param(b'{"name": "a", "weight": 1e400}', id="1e400"),
        pytest.param(b'{"name": "a", "pieces": 1' + b"0" * 400 + b"}", id="10^400"),
        pytest.param(b'{"name": "a", "tags": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="100,000 deep"),
        pytest.param(b'{"name": "\\ud800"}', id="a lone surrogate"),
        pytest.param(b'{"name": "a\\u0000b"}', id="NUL"),
        pytest.param(b'{"name": "\xff\xfe"}', id="invalid UTF-8"),
        pytest.param(b"{", id="cut off"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
    ],
)
async def test_ambiguous_json_is_a_bad_request(client: httpx.AsyncClient, person: Person, body: bytes) -> None:
    _is_problem(await _send(client, person, body), 400, "bad-json")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        pytest.param(b'{"name": "a", "owner_id": "x"}', "/owner_id", "extra_forbidden", id="an unknown field"),
        pytest.param(b"{}", "/name", "missing", id="a missing field"),
        pytest.param(b"", "", "missing", id="no body"),
        pytest.param(b"null", "", "model_attributes_type", id="null"),
        pytest.param(b"[]", "", "model_attributes_type", id="a list"),
        pytest.param(b'"name"', "", "model_attributes_type", id="a string"),
        pytest.param(b'{"name": 7}', "/name", "string_type", id="a wrong type"),
        pytest.param(b'{"name": "a", "a/b~c": 1}', "/a~1b~0c", "extra_forbidden", id="a name to be escaped"),
    ],
)
async def test_wrong_field_is_pointed_at(
    client: httpx.AsyncClient, person: Person, body: bytes, pointer: str, code: str
) -> None:
    answer = await _send(client, person, body)
    _is_problem(answer, 422, "invalid")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


async def test_validation_error_does_not_repeat_what_was_sent(client: httpx.AsyncClient, person: Person) -> None:
    answer = await _send(client, person, b'{"name": ["+7 900 000-00-00"]}')
    assert answer.status_code == 422
    told = answer.text.replace(answer.json()["trace_id"], "")  # random, and so with these digits now and then
    assert "900" not in told


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "*/*"]
)
async def test_body_that_does_not_call_itself_json_is_unsupported(
    client: httpx.AsyncClient, person: Person, content_type: str | None
) -> None:
    _is_problem(await _send(client, person, b'{"name": "a"}', content_type), 415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"])
async def test_every_spelling_of_json_is_supported(
    client: httpx.AsyncClient, person: Person, content_type: str
) -> None:
    assert (await _send(client, person, b'{"name": "a"}', content_type)).status_code == 201


async def test_body_over_a_mebibyte_is_too_large(client: httpx.AsyncClient, person: Person) -> None:
    body = b'{"name": "' + b"a" * (1 << 20) + b'"}'
    _is_problem(await _send(client, person, body), 413, "too-large")


async def test_body_sent_in_chunks_is_bounded_as_well(client: httpx.AsyncClient, person: Person) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1000:
            sent += 1
            yield b" " * 65_536

    answer = await client.post("/v1/things", content=endless(), headers=person.acting())
    _is_problem(answer, 413, "too-large")
    assert sent < 20


async def test_body_sent_in_chunks_is_read_to_its_end(client: httpx.AsyncClient, person: Person) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for byte in b'{"name": "anvil"}':
            yield bytes([byte])

    headers = {**person.acting(), "Content-Type": "application/json"}
    answer = await client.post("/v1/things", content=chunks(), headers=headers)
    assert answer.status_code == 201
    assert answer.json()["name"] == "anvil"


@pytest.mark.parametrize(
    "path",
    ["/v1/things/not-a-uuid", "/v1/things/%00", "/v1/things/%ff", f"/v1/things/{uuid4()}x", "/v1/things/" + "a" * 4000],
    ids=["no UUID", "NUL", "invalid UTF-8", "a UUID and more", "far too long"],
)
async def test_garbage_in_the_path_is_answered_like_a_missing_resource(
    client: httpx.AsyncClient, person: Person, path: str
) -> None:
    missing = await client.get(f"/v1/things/{uuid4()}", headers=person.headers)
    garbage = await client.get(path, headers=person.headers)
    _is_problem(garbage, 404, "not-found")
    assert garbage.json() | {"trace_id": ""} == missing.json() | {"trace_id": ""}


async def test_somebody_elses_thing_is_answered_like_a_missing_one(
    client: httpx.AsyncClient, new_person: NewPerson
) -> None:
    one, other = new_person(), new_person()
    added = await client.post("/v1/things", json={"name": "anvil"}, headers=one.acting())
    foreign = await client.get(added.headers["Location"], headers=other.headers)
    missing = await client.get(f"/v1/things/{uuid4()}", headers=other.headers)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() | {"trace_id": ""} == missing.json() | {"trace_id": ""}


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("cursor=%00", 400, "bad-query"),
        ("anything=%ff", 400, "bad-query"),
        ("cursor=%ed%a0%80", 400, "bad-query"),
        ("cursor=" + "a" * 10_000, 414, "uri-too-long"),
        ("cursor=", 400, "bad-cursor"),
        ("cursor=AAAA", 400, "bad-cursor"),
        ("cursor=f" + "_" * 31, 400, "bad-cursor"),
        ("cursor=%F0%9F%9A%97", 400, "bad-cursor"),
        ("limit=0", 422, "invalid"),
        ("limit=101", 422, "invalid"),
        ("limit=1e400", 422, "invalid"),
        ("limit=" + "9" * 5000, 422, "invalid"),
        ("limit=five", 422, "invalid"),
    ],
)
async def test_garbage_in_the_query_is_a_client_error(
    client: httpx.AsyncClient, person: Person, query: str, status: int, slug: str
) -> None:
    _is_problem(await client.get(f"/v1/things?{query}", headers=person.headers), status, slug)


@pytest.mark.parametrize(
    ("tags", "status", "slug"),
    [
        ([], 428, "precondition-required"),
        (['"2"'], 412, "stale-version"),
        (['"0"'], 412, "stale-version"),
        (['W/"1"'], 400, "bad-if-match"),
        (["*"], 400, "bad-if-match"),
        (["1"], 400, "bad-if-match"),
        (['"1", "2"'], 400, "bad-if-match"),
        (['"1"', '"2"'], 400, "bad-if-match"),
        (['"01"'], 400, "bad-if-match"),
        (['"-1"'], 400, "bad-if-match"),
        (['"' + "9" * 400 + '"'], 400, "bad-if-match"),
        (['""'], 400, "bad-if-match"),
        ([b'"\xb2"'.decode("latin-1")], 400, "bad-if-match"),
    ],
)
async def test_edit_without_the_current_etag_is_refused(
    client: httpx.AsyncClient, person: Person, tags: list[str], status: int, slug: str
) -> None:
    added = await client.post("/v1/things", json={"name": "anvil"}, headers=person.acting())
    headers = [(name.encode(), value.encode()) for name, value in person.headers.items()]
    headers += [(b"If-Match", tag.encode("latin-1")) for tag in tags]
    answer = await client.patch(added.headers["Location"], json={"name": "hammer"}, headers=headers)
    _is_problem(answer, status, slug)
    unchanged = await client.get(added.headers["Location"], headers=person.headers)
    assert (unchanged.json()["name"], unchanged.headers["ETag"]) == ("anvil", '"1"')


async def test_edit_with_the_current_etag_moves_it_on(client: httpx.AsyncClient, person: Person) -> None:
    added = await client.post("/v1/things", json={"name": "anvil"}, headers=person.acting())
    headers = {**person.headers, "If-Match": added.headers["ETag"]}
    renamed = await client.patch(added.headers["Location"], json={"name": "hammer"}, headers=headers)
    assert (renamed.status_code, renamed.headers["ETag"]) == (200, '"2"')


async def test_pages_show_every_row_once_and_in_order(client: httpx.AsyncClient, person: Person) -> None:
    for number in range(7):
        await client.post("/v1/things", json={"name": str(number)}, headers=person.acting())
    pages = []
    cursor: str | None = None
    while True:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        shown = (await client.get("/v1/things", params=query, headers=person.headers)).json()
        pages.append([thing["name"] for thing in shown["data"]])
        cursor = shown["next_cursor"]
        assert shown["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]


async def test_unknown_path_and_method_are_problems(client: httpx.AsyncClient, person: Person) -> None:
    _is_problem(await client.get("/v2/things"), 404, "not-found")
    _is_problem(await client.get("/v1/things/"), 404, "not-found")
    wrong_method = await client.put("/v1/things", headers=person.headers)
    _is_problem(wrong_method, 405, "method-not-allowed")
    assert wrong_method.headers["Allow"]


async def test_domain_error_is_told_as_the_service_listed_it(client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.post("/v1/things", json={"name": "forbidden"}, headers=person.acting())
    _is_problem(answer, 409, "thing-refused")
    assert answer.json()["title"] == "Thing refused"
    assert answer.json()["detail"] == "that name is taken by the house"


async def test_unexpected_error_tells_nothing_of_the_inside(client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.post("/v1/things", json={"name": "crash"}, headers=person.acting())
    _is_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_read_cannot_write(client: httpx.AsyncClient, person: Person) -> None:
    added = await client.post("/v1/things", json={"name": "anvil"}, headers=person.acting())
    answer = await client.post(f"{added.headers['Location']}/sabotage", headers=person.headers)
    assert answer.status_code >= 500
    unchanged = await client.get(added.headers["Location"], headers=person.headers)
    assert unchanged.json()["name"] == "anvil"
