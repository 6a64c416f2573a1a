from typing import Any

import pytest

from chassis.auth import LocalKeys
from chassis.runtime import Service, openapi_document
from chassis.settings import ServiceSettings
from tests.chassis.http import things


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    settings = ServiceSettings()
    return openapi_document(
        Service(
            name="things",
            settings=settings,
            migrations_dir=things.MIGRATIONS,
            build_app=lambda database: things.build(settings, database, LocalKeys({})),
        )
    )


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_document_is_openapi_3_1_and_needs_no_database(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "CarPass things"


def test_operations_are_named_for_their_functions(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in _operations(document)]
    assert "add_thing" in names
    assert len(names) == len(set(names))


def test_probes_are_not_documented(document: dict[str, Any]) -> None:
    assert all(path.startswith("/v1/") for path in document["paths"])


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_creating_requires_an_idempotency_key_and_editing_an_etag(document: dict[str, Any]) -> None:
    def required(path: str, method: str) -> dict[str, bool]:
        parameters = document["paths"][path][method]["parameters"]
        return {parameter["name"]: parameter["required"] for parameter in parameters if parameter["in"] == "header"}

    assert required("/v1/things", "post") == {"Idempotency-Key": True}
    assert required("/v1/things/{thing_id}", "patch") == {"Idempotency-Key": False, "If-Match": True}
    assert set(document["paths"]["/v1/things/{thing_id}"]["patch"]["responses"]) >= {"412", "428", "409", "404"}


def test_what_needs_a_caller_says_so(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["accessToken"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    }
    for operation in _operations(document):
        assert operation["security"] == [{"accessToken": []}]
        assert "401" in operation["responses"]
