"""The document that people take along."""

import json

import pytest
from pydantic import ValidationError

from contracts.exchange import FORMAT, LISTS, RECORDS, ExchangeData
from contracts.exchange_records import ExchangeExpense, ExchangeReading
from contracts.schemas import DOCUMENT_MODELS, DOCUMENTS, as_text, document_schema

READ = {"value": "1", "unit": "km", "observed_on": "2024-05-01", "observed_at": None}
EXPENSE = {
    "external_id": "a-1",
    "date": "2024-05-01",
    "time_zone": "Europe/Moscow",
    "category": "parking",
    "amount_minor": 15_000,
    "currency": "RUB",
    "note": None,
    "odometer": None,
}


@pytest.mark.parametrize("name", DOCUMENT_MODELS)
def test_committed_schema_of_a_document_is_that_of_its_model(name: str) -> None:
    assert (DOCUMENTS / f"{name}.json").read_text("utf-8") == as_text(document_schema(name))


def test_schema_names_itself_and_refuses_what_it_does_not_know() -> None:
    schema = json.loads((DOCUMENTS / f"{FORMAT}.json").read_text("utf-8"))
    assert schema["$id"] == "urn:carpass:document:carpass.exchange.v1"
    assert all(part["additionalProperties"] is False for part in schema["$defs"].values() if "properties" in part)


def test_every_kind_of_record_has_its_list() -> None:
    assert set(RECORDS) == set(LISTS)
    assert set(LISTS.values()) == set(ExchangeData.model_fields)


@pytest.mark.parametrize(
    "wrong",
    [
        {"owner_id": "x"},
        {"amount_minor": -1},
        {"amount_minor": 10**15 + 1},
        {"amount_minor": 1.5},
        {"currency": "rub"},
        {"category": "loan"},
        {"date": "1899-12-31"},
        {"date": "2200-01-01"},
        {"note": "  "},
        {"note": "a\0b"},
        {"note": "x" * 2_001},
        {"external_id": "Москва"},
        {"external_id": ""},
        {"odometer": READ | {"value": "-1"}},
        {"odometer": READ | {"value": "1e9"}},
        {
            "odometer": {
                "value": "1",
                "unit": "km",
                "observed_on": "2024-05-01",
                "observed_at": "0001-01-01T00:00+14:00",
            }
        },
    ],
)
def test_record_that_breaks_a_rule_is_refused(wrong: dict[str, object]) -> None:
    assert ExchangeExpense.model_validate(EXPENSE)
    with pytest.raises(ValidationError):
        ExchangeExpense.model_validate(EXPENSE | wrong)


def test_number_and_instant_have_one_spelling() -> None:
    odometer = {"value": "00123.50", "unit": "km", "observed_on": "2024-05-01", "observed_at": "2024-05-01T03:00+03:00"}
    record = {"external_id": "a", "date": "2024-05-01", "time_zone": "UTC", "odometer": odometer}
    written = ExchangeReading.model_validate(record).model_dump(mode="json")
    assert written["odometer"]["value"] == "123.50"
    assert written["odometer"]["observed_at"] == "2024-05-01T00:00:00Z"
