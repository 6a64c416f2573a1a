import itertools
from typing import Any

import pytest

from gateway.openapi import Ambiguous, merge, only_paths

type Json = dict[str, Any]

PROBLEM: Json = {"type": "object", "properties": {"title": {"type": "string"}}}


def reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def operation(operation_id: str, schema: str) -> Json:
    content = {"application/json": {"schema": reference(schema)}}
    return {"operationId": operation_id, "responses": {"200": {"description": "ok", "content": content}}}


def document(title: str, paths: Json, schemas: Json) -> Json:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "0.1.0"},
        "paths": paths,
        "components": {"schemas": {"Problem": PROBLEM, **schemas}},
    }


def schema_of(merged: Json, path: str, method: str = "get") -> Json:
    content = merged["paths"][path][method]["responses"]["200"]["content"]
    schema: Json = content["application/json"]["schema"]
    return schema


OWNERS = document("owners", {"/v1/cars": {"get": operation("list_cars", "Page")}}, {"Page": {"type": "object"}})
STO = document("sto", {"/v1/car-links": {"get": operation("list_links", "Page")}}, {"Page": {"type": "array"}})


def test_components_shared_word_for_word_stay_one() -> None:
    merged = merge({"owners": OWNERS, "sto": STO})
    assert merged["components"]["schemas"]["Problem"] == PROBLEM


def test_equal_names_for_different_things_get_the_services_name() -> None:
    merged = merge({"owners": OWNERS, "sto": STO})
    assert merged["components"]["schemas"]["OwnersPage"] == {"type": "object"}
    assert merged["components"]["schemas"]["StoPage"] == {"type": "array"}
    assert "Page" not in merged["components"]["schemas"]
    assert schema_of(merged, "/v1/cars") == reference("OwnersPage")
    assert schema_of(merged, "/v1/car-links") == reference("StoPage")


def test_what_refers_to_a_renamed_component_is_told_apart_as_well() -> None:
    outer = {"type": "object", "properties": {"page": reference("Page")}}
    owners = document("owners", {}, {"Page": {"type": "object"}, "Outer": outer})
    sto = document("sto", {}, {"Page": {"type": "array"}, "Outer": outer})
    schemas = merge({"owners": owners, "sto": sto})["components"]["schemas"]
    assert schemas["OwnersOuter"]["properties"]["page"] == reference("OwnersPage")
    assert schemas["StoOuter"]["properties"]["page"] == reference("StoPage")


def test_discriminator_follows_a_renamed_component() -> None:
    mapping = {"discriminator": {"mapping": {"page": "#/components/schemas/Page"}}}
    owners = document("owners", {}, {"Page": {"type": "object"}, "Choice": mapping})
    schemas = merge({"owners": owners, "sto": STO})["components"]["schemas"]
    assert schemas["Choice"]["discriminator"]["mapping"]["page"] == "#/components/schemas/OwnersPage"


def test_security_follows_a_renamed_scheme() -> None:
    def secured(path: str, scheme: Json) -> Json:
        secured_operation = operation("read", "Problem") | {"security": [{"token": []}]}
        described = document("x", {path: {"get": secured_operation}}, {})
        described["components"]["securitySchemes"] = {"token": scheme}
        return described

    merged = merge({"owners": secured("/a", {"type": "http"}), "sto": secured("/b", {"type": "apiKey"})})
    assert merged["paths"]["/a"]["get"]["security"] == [{"OwnersToken": []}]
    assert merged["paths"]["/b"]["get"]["security"] == [{"StoToken": []}]
    assert set(merged["components"]["securitySchemes"]) == {"OwnersToken", "StoToken"}


def test_every_operation_is_tagged_with_its_service_and_keeps_a_unique_id() -> None:
    trust = document("trust", {"/v1/audit": {"get": operation("list_cars", "Problem")}}, {})
    merged = merge({"owners": OWNERS, "trust": trust})
    assert merged["paths"]["/v1/cars"]["get"]["operationId"] == "list_cars"
    assert merged["paths"]["/v1/audit"]["get"]["operationId"] == "trust_list_cars"
    assert merged["paths"]["/v1/audit"]["get"]["tags"] == ["trust"]


def test_order_of_the_documents_changes_nothing() -> None:
    documents = {"owners": OWNERS, "sto": STO, "trust": document("trust", {}, {"Page": {"type": "null"}})}
    first = merge(documents)
    for order in itertools.permutations(documents):
        assert merge({service: documents[service] for service in order}) == first


def test_two_methods_of_one_path_may_come_from_two_services() -> None:
    sto = document("sto", {"/v1/cars": {"post": operation("add", "Problem")}}, {})
    merged = merge({"owners": OWNERS, "sto": sto})
    assert set(merged["paths"]["/v1/cars"]) == {"get", "post"}


def test_one_operation_of_two_services_is_refused() -> None:
    with pytest.raises(Ambiguous, match="GET /v1/cars"):
        merge({"owners": OWNERS, "sto": document("sto", OWNERS["paths"], OWNERS["components"]["schemas"])})


def test_merging_leaves_the_documents_alone() -> None:
    before = merge({"owners": OWNERS, "sto": STO})
    assert merge({"owners": OWNERS, "sto": STO}) == before
    assert "tags" not in OWNERS["paths"]["/v1/cars"]["get"]


def test_unreachable_paths_take_their_components_along() -> None:
    paths = {"/v1/cars": {"get": operation("a", "Page")}, "/internal": {"get": operation("b", "Secret")}}
    schemas = {
        "Page": {"properties": {"row": reference("Row")}},
        "Row": {},
        "Secret": {"properties": {"row": reference("Row")}},
    }
    kept = only_paths(document("owners", paths, schemas), lambda path: path.startswith("/v1/"))
    assert set(kept["paths"]) == {"/v1/cars"}
    assert set(kept["components"]["schemas"]) == {"Page", "Row"}
