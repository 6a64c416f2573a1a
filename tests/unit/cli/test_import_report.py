"""How the difference of an import is told to a person."""

import io
from typing import Any

import pytest
import typer
from rich.console import Console

from cli.commands.import_ import _asked
from cli.import_report import report

NOTHING: dict[str, Any] = {
    "format": "fuelio",
    "counts": {"new": 0, "duplicate": 0, "conflict": 0, "error": 0},
    "rows": [],
    "problems": [],
    "questions": [],
    "ignored": {},
}


def told(**found: Any) -> str:
    output = io.StringIO()
    report(NOTHING | found, Console(file=output, width=200, highlight=False))
    return output.getvalue()


def row(status: str, **record: Any) -> dict[str, Any]:
    fields = ["note"] if status == "conflict" else []
    return {"status": status, "kind": "fuel_entry", "fields": fields, "record": {"date": "2024-03-01"} | record}


def test_questions_are_told_with_how_to_answer_them() -> None:
    question = {"field": "currency", "options": ["USD", "CAD"], "example": "$79.78"}
    assert "--set currency=…, one of USD, CAD (the file says $79.78)" in told(questions=[question])


def test_rows_say_what_they_are_and_in_what_they_differ() -> None:
    fuel = {"volume": "38.02", "volume_unit": "l", "total_minor": 299978, "currency": "RUB"}
    output = told(rows=[row("new", **fuel), row("conflict", **fuel), row("duplicate", **fuel)])
    assert output.count("38.02 l; 2999.78 RUB") == 2
    assert "(differs in note)" in output


def test_wrong_rows_are_told_by_line_and_what_the_file_holds_cannot_move_the_terminal() -> None:
    problem = {"line": 7, "field": "Data\x1b[2J", "code": "not_a_date", "message": "no date."}
    output = told(problems=[problem], ignored={"loan_payments": 2})
    assert "x line 7, Data\\x1b[2J: no date." in output
    assert "2 loan payments" in output


def test_answers_are_field_and_value() -> None:
    assert _asked("c", ["currency=RUB", "columns=A=day", "columns=B=total"]) == {
        "car_id": "c",
        "currency": "RUB",
        "columns": ["A=day", "B=total"],
    }
    with pytest.raises(typer.BadParameter):
        _asked("c", ["RUB"])
