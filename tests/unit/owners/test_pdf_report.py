"""A car's life as a PDF, read back by another program than wrote it."""

import io
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from pypdf import PdfReader

from owners.pdf.layout import wrapped
from owners.pdf.paper import HEIGHT, WIDTH, Paper
from owners.pdf.report import Life, Report
from owners.pdf.words import WORDS, Speech

CAR: dict[str, Any] = {
    "vin": "XTA21099043576182",
    "frame_number": None,
    "plate": "К482МН66",
    "make": "Lada",
    "model": "21099",
    "year": 2004,
    "nickname": "Ёжик",
    "tags": ["семья"],
    "purchase_date": "2020-01-02",
    "purchase_price_minor": 10_000_000,
    "purchase_currency": "RUB",
}
ABOUT: dict[str, Any] = {
    "car": CAR,
    "locale": "ru",
    "made_on": "2026-11-28",
    "consumption": [
        {"energy_kind": "petrol", "unit": "l", "average": "8.21"},
        {"energy_kind": "lpg", "unit": "l", "average": None},
    ],
}
READ = {"value": "187300.5", "unit": "km", "observed_on": "2024-02-01", "observed_at": None}
COMMON = {"date": "2024-02-01", "provenance": "self_declared", "verdict": "ok", "odometer": READ}
SERVICE: dict[str, Any] = COMMON | {
    "kind": "service_entry",
    "vendor": "Урал Мотор",
    "lines": [{"title": "Замена масла"}, {"title": "Фильтр"}],
    "currency": "RUB",
    "cost_minor": 570_000,
    "note": None,
}
FUEL: dict[str, Any] = COMMON | {
    "kind": "fuel_entry",
    "energy_kind": "petrol",
    "volume": "40.125",
    "volume_unit": "l",
    "total_minor": 205_440,
    "currency": "RUB",
    "full": True,
    "station": "АЗС № 7",
    "note": None,
}
EXPENSE: dict[str, Any] = COMMON | {
    "kind": "expense",
    "category": "parking",
    "amount_minor": 30_000,
    "currency": "RUB",
    "note": None,
    "odometer": None,
    "verdict": None,
}
READING = COMMON | {"kind": "reading", "verdict": "quarantined", "date": "2025-03-04"}
DOCUMENT = {
    "kind": "document",
    "document_kind": "insurance",
    "number": "ХХХ 0123456789",
    "issued_by": None,
    "issued_on": "2024-01-01",
    "expires_on": "2025-01-01",
    "note": None,
}


def report(records: Iterable[dict[str, Any]], **about: Any) -> bytes:
    made = io.BytesIO()
    Report(Life.read(map(orjson.dumps, [ABOUT | about, *records])), made).write()
    return made.getvalue()


def read(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data), strict=True)


def text_of(data: bytes) -> str:
    return " ".join(word for page in read(data).pages for word in page.extract_text().split())


def test_report_tells_the_car_its_sums_and_its_records() -> None:
    text = text_of(report([SERVICE, SERVICE | {"provenance": "attested"}, FUEL, EXPENSE, READING, DOCUMENT]))
    for told in (
        "История автомобиля: Lada 21099 Ёжик",
        "К482МН66",
        "02.01.2020, 100 000,00 RUB",
        "01.02.2024 – 04.03.2025",
        "Пробег: 187 300,5 км на 01.02.2024",
        "бензин: 8,21 л на 100 км",
        "2024 обслуживание 11 400,00 RUB",
        "2024 парковка 300,00 RUB",
        "Замена масла, Фильтр",
        "подтверждено",
        "со слов",
        "40,125 л",
        "похоже на",
        "ХХХ 0123456789",
        "01.01.2025",
    ):
        assert told in text, told
    assert "пропан:" not in text  # nothing is known of it, and that is not 0


def test_report_is_in_the_language_of_its_owner() -> None:
    text = text_of(report([FUEL], locale="en"))
    assert "The life of a car: Lada 21099 Ёжик" in text
    assert "Odometer: 187 300.5 km on 2024-02-01" in text
    assert WORDS["en"].keys() == WORDS["ru"].keys()


def test_empty_life_is_a_page_that_says_so() -> None:
    data = report([])
    assert len(read(data).pages) == 1
    assert "Записей пока нет." in text_of(data)


def test_same_life_gives_the_same_bytes() -> None:
    assert report([SERVICE, FUEL]) == report([SERVICE, FUEL])


@pytest.mark.parametrize(
    "note",
    [
        ") Tj ET << /S /URI /URI (http://evil.example) >>",
        "endstream endobj 1 0 obj <</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>",
        "https://evil.example/?q=1",
        "\x00\x07\x1b[2J\u202e\u2028",
        "😀 漢字",
        "a\nb",
    ],
)
def test_what_people_wrote_is_text_and_nothing_else(note: str) -> None:
    data = report([EXPENSE | {"note": note}], car=CAR | {"nickname": note})
    found = read(data)
    assert "/Annots" not in found.pages[0]
    assert not {"/OpenAction", "/AA", "/AcroForm", "/Names"} & set(found.root_object)
    assert b"evil" not in data
    assert b"JavaScript" not in data
    plain = text_of(data)
    assert not any(character in plain for character in "\x00\x07\x1b\u202e\u2028")


def test_text_stays_within_the_page_however_long_its_words_are() -> None:
    placed: list[tuple[float, float, float]] = []

    class Watched(Paper):
        def write(self, text: str, x: float, y: float, size: float, **looks: Any) -> None:
            placed.append((x, x + self.width(text, size), y))
            super().write(text, x, y, size, **looks)

    long = {"note": "щ" * 2_000, "vendor": "W" * 200, "lines": [{"title": "Слово " * 30}] * 1_000}
    made = io.BytesIO()
    life = Life.read(map(orjson.dumps, [ABOUT | {"car": CAR | {"nickname": "Ж" * 100}}, SERVICE | long]))
    written = Report(life, made)
    written._paper.__class__ = Watched
    written.write()
    assert placed
    assert all(left >= 0 and right <= WIDTH and 0 < y < HEIGHT for left, right, y in placed)
    pages = read(made.getvalue()).pages
    assert len(pages) > 10
    assert [f"Страница {number}:" in page.extract_text() for number, page in enumerate(pages, start=1)] == [True] * len(
        pages
    )


def test_lines_break_between_words_and_inside_one_that_is_too_long() -> None:
    paper = Paper(io.BytesIO(), "")
    assert wrapped(paper, "", 10, 100) == [""]
    assert wrapped(paper, "one two\nthree", 10, 1_000) == ["one two", "three"]
    lines = wrapped(paper, "one two three " + "x" * 100, 10, 60)
    assert "".join(lines).replace(" ", "") == "onetwothree" + "x" * 100
    assert all(paper.width(line, 10) <= 60 for line in lines)
    assert wrapped(paper, "12\u00a0345 km", 10, paper.width("12\u00a0345", 10)) == ["12\u00a0345", "km"]


def test_report_carries_only_the_part_of_the_font_that_it_uses() -> None:
    assert len(report([SERVICE, FUEL, EXPENSE])) < 60_000


def test_numbers_and_amounts_are_written_as_people_do() -> None:
    russian, english = Speech("ru"), Speech("en")
    assert russian.money(1_234_567, "RUB").replace("\u00a0", " ") == "12 345,67 RUB"
    assert english.money(1_234_567, "JPY").replace("\u00a0", " ") == "1 234 567 JPY"
    assert (russian.money(None, "RUB"), russian.day(None), russian.measure(None, "l")) == ("", "", "")


def test_ten_thousand_records_are_written_by_the_limited_process() -> None:
    life = b"\n".join(map(orjson.dumps, [ABOUT, *([SERVICE, FUEL, EXPENSE, READING] * 2_500)])) + b"\n"
    command = [sys.executable, "-P", "-m", "owners.pdf.worker"]
    done = subprocess.run(command, input=life, capture_output=True, check=True)
    assert len(read(done.stdout).pages) > 100
