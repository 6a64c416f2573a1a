"""What is read from each app's export."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from owners.imports.reading import parse
from owners.imports.rows import (
    Declared,
    ImportedExpense,
    ImportedFuel,
    ImportedReading,
    ImportedRow,
    ImportedService,
    Limits,
    NotReadable,
    ParsedFile,
)
from tests.unit.owners.imports.files import ACAR, DRIVVO, FUELIO, FUELLY, LUBELOGGER, SPRITMONITOR, zipped

LIMITS = Limits()


def read(data: str | bytes, **declared: Any) -> ParsedFile:
    content = data.encode() if isinstance(data, str) else data
    return parse(content, declared=Declared(**declared), limits=LIMITS)


def asked(parsed: ParsedFile) -> list[str]:
    return [question.field for question in parsed.questions]


def of_kind[R](parsed: ParsedFile, kind: type[R]) -> list[R]:
    return [row.record for row in parsed.rows if isinstance(row.record, kind)]


def test_fuelio_backup_is_read_whole() -> None:
    parsed = read(zipped(("sync/vehicle-1-sync.csv", FUELIO.encode("utf-8-sig"))), currency="RUB")
    assert (parsed.format, parsed.questions, parsed.problems) == ("fuelio", (), ())
    fills = of_kind(parsed, ImportedFuel)
    assert fills[0] == ImportedFuel(
        day=date(2024, 3, 1),
        at=time(8, 45),
        odometer=Decimal(120500),
        odometer_unit="km",
        energy_kind="petrol",
        volume=Decimal("38.02"),
        volume_unit="l",
        unit_price=Decimal("78.90"),
        total_minor=299_978,
        currency="RUB",
        full=True,
        missed_before=False,
        station="Лукойл",
        note="первая строка",
    )
    assert [(fill.full, fill.missed_before) for fill in fills] == [(True, False), (True, False), (False, True)]
    [service] = of_kind(parsed, ImportedService)
    assert (service.lines[0].title, service.lines[0].amount_minor, service.next_due_months) == (
        "Масло и фильтр",
        450_000,
        12,
    )
    [wash] = of_kind(parsed, ImportedExpense)
    assert (wash.category, wash.amount_minor, wash.note, wash.odometer) == ("wash", 50_000, "Мойка\n=1+1", None)
    assert parsed.ignored == {"loan_payments": 1, "templates": 1, "incomes": 1, "reminders": 1, "trips": 1}
    assert parsed.car is not None
    assert (parsed.car.vin, parsed.car.year) == ("XTA21099043576182", 2004)
    assert {row.external_id for row in parsed.rows if row.section == "Log"} == {"1", "2", "3"}


def test_fuelio_in_miles_and_gallons() -> None:
    log = FUELIO.replace("Odo (km)", "Odo (mi)").replace("Fuel (litres)", "Fuel (us gallons)")
    fill = of_kind(read(log, currency="USD"), ImportedFuel)[0]
    assert (fill.odometer_unit, fill.volume_unit) == ("mi", "gal_us")


def test_two_vehicles_in_a_backup_are_asked_about() -> None:
    other = FUELIO.replace("Ласточка", "Волга")
    backup = zipped(("vehicle-1-sync.csv", FUELIO.encode()), ("vehicle-2-sync.csv", other.encode()))
    parsed = read(backup, currency="RUB")
    assert asked(parsed) == ["vehicle"]
    assert (parsed.questions[0].options, parsed.rows) == (("Ласточка", "Волга"), ())
    chosen = read(backup, currency="RUB", vehicle="Волга")
    assert chosen.car is not None
    assert (chosen.car.name, len(chosen.rows)) == ("Волга", 5)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_drivvo_in_any_encoding_and_with_any_line_end(encoding: str, line_end: str) -> None:
    parsed = read(DRIVVO.replace("\n", line_end).encode(encoding), currency="RUB")
    assert (parsed.format, parsed.questions, parsed.problems) == ("drivvo", (), ())
    petrol, gas, later = of_kind(parsed, ImportedFuel)
    assert (petrol.energy_kind, petrol.volume, petrol.full, petrol.station) == ("petrol", Decimal(40), True, "Лукойл")
    assert (gas.energy_kind, gas.volume, gas.total_minor, gas.full) == ("lpg", Decimal(20), 60_000, False)
    assert (gas.odometer, later.odometer) == (Decimal(120500), None)
    [wash] = of_kind(parsed, ImportedExpense)
    assert (wash.category, wash.amount_minor) == ("wash", 35_000)
    [oil] = of_kind(parsed, ImportedService)
    assert (oil.lines[0].title, oil.lines[0].amount_minor, oil.note) == ("Гараж", 500_050, "до 130000")
    assert parsed.ignored == {"loan_payments": 1}
    assert parsed.rows[0].unknown["Водитель"] == "Анна"


def test_fuelly_gallons_are_of_no_country_until_somebody_says_so() -> None:
    assert set(asked(read(FUELLY))) == {"volume_unit", "currency", "energy_kind"}
    told = {"volume_unit": "gal_us", "currency": "USD", "energy_kind": "petrol"}
    first, second = of_kind(read(FUELLY, **told), ImportedFuel)
    assert (first.unit_price, first.total_minor, first.odometer_unit, first.volume_unit) == (
        Decimal("3.499"),
        None,
        "mi",
        "gal_us",
    )
    assert (first.full, second.full, second.note) == (True, False, "road trip")


def test_acar_dates_are_in_the_order_that_its_metadata_tells() -> None:
    parsed = read(ACAR, currency="USD")
    assert (parsed.format, parsed.questions, parsed.problems) == ("acar", (), ())
    first, second = of_kind(parsed, ImportedFuel)
    assert (first.day, first.at, first.odometer) == (date(2024, 3, 4), time(20, 15), Decimal(106_421))
    assert (first.total_minor, first.volume_unit, first.full, second.full) == (7_978, "gal_us", True, False)
    [oil] = of_kind(parsed, ImportedService)
    assert (oil.lines[0].title, oil.vendor) == ("Engine Oil", "Joe's")
    [parking] = of_kind(parsed, ImportedExpense)
    assert (parking.category, parking.amount_minor) == ("parking", 500)
    assert parsed.ignored == {"trips": 1}


def test_acar_dollars_are_of_several_countries() -> None:
    [question] = read(ACAR).questions
    assert question.field == "currency"
    assert {"USD", "CAD"} <= set(question.options)


def test_lubelogger_tells_no_units() -> None:
    assert set(asked(read(LUBELOGGER))) == {"distance_unit", "volume_unit", "currency", "energy_kind"}
    told = {"distance_unit": "km", "volume_unit": "l", "currency": "RUB", "energy_kind": "diesel"}
    parsed = read(LUBELOGGER, **told)
    first, second = of_kind(parsed, ImportedFuel)
    assert (parsed.format, first.full, first.missed_before) == ("lubelogger", True, False)
    assert (second.full, second.missed_before, second.total_minor) == (False, True, 190_000)
    assert parsed.rows[0].unknown["Tags"] == "winter"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Date,Description,Cost,Notes,Odometer,Tags\n2024-01-15,Oil change,45.00,,10200,\n", ImportedService),
        ("Date,Description,Cost,Notes,Tags\n2024-01-15,Road tax,45.00,,\n", ImportedExpense),
        ("Date,InitialOdometer,Odometer,Notes,Tags\n2024-01-15,10000,10200,,\n", ImportedReading),
    ],
)
def test_lubelogger_has_a_file_for_each_kind_of_record(text: str, kind: type[object]) -> None:
    parsed = read(text, distance_unit="km", currency="EUR")
    assert (parsed.format, parsed.questions, parsed.problems) == ("lubelogger", (), ())
    assert [type(row.record) for row in parsed.rows] == [kind]


def test_spritmonitor_has_kinds_of_fuel_by_number() -> None:
    parsed = read(SPRITMONITOR)
    assert (parsed.format, parsed.questions, parsed.problems) == ("spritmonitor", (), ())
    first, second = of_kind(parsed, ImportedFuel)
    assert (first.day, first.odometer, first.total_minor, first.currency) == (
        date(2024, 2, 1),
        Decimal("10000.00"),
        6_800,
        "EUR",
    )
    assert (first.full, first.missed_before, first.note) == (True, True, "erste;Fahrt")
    assert (second.energy_kind, second.full, second.missed_before) == ("petrol", True, False)
    assert parsed.ignored == {"adblue": 1, "invalid": 1}


def test_other_table_is_read_as_its_columns_are_mapped() -> None:
    text = "Когда;Сколько км;Заплатил;За что\n05.03.2024;12 500;1 234,50;Парковка\n"
    assert asked(read(text)) == ["columns"]
    mapping = {"Когда": "day", "Сколько км": "odometer", "Заплатил": "total", "За что": "category"}
    parsed = read(text, columns=mapping, currency="RUB", distance_unit="km")
    assert (parsed.format, parsed.questions, parsed.problems) == ("generic", (), ())
    [parking] = of_kind(parsed, ImportedExpense)
    assert (parking.day, parking.odometer, parking.amount_minor, parking.category) == (
        date(2024, 3, 5),
        Decimal(12_500),
        123_450,
        "parking",
    )


def test_dates_with_slashes_are_asked_about_only_when_they_can_be_read_in_two_ways() -> None:
    header = "Date,Cost,Description,Notes,Tags\n"
    assert asked(read(f"{header}03/04/2024,5.00,Wash,,\n", currency="USD")) == ["date_order"]
    [row] = read(f"{header}03/24/2024,5.00,Wash,,\n", currency="USD").rows
    assert row.record.day == date(2024, 3, 24)
    [row] = read(f"{header}03/04/2024,5.00,Wash,,\n", currency="USD", date_order="dmy").rows
    assert row.record.day == date(2024, 4, 3)


def test_thousands_and_decimals_are_asked_about_only_when_they_can_be_confused() -> None:
    header = "Date;Cost;Description;Notes;Tags\n"
    assert asked(read(f"{header}2024-03-04;1,234;Wash;;\n", currency="USD")) == ["decimal_separator"]
    [row] = read(f"{header}2024-03-04;1,234;Wash;;\n", currency="USD", decimal_separator=".").rows
    assert isinstance(row.record, ImportedExpense)
    assert row.record.amount_minor == 123_400


def test_wrong_rows_are_told_by_line_and_column_and_the_others_are_read() -> None:
    broken = FUELIO.replace('"2024-02-01"', '"2024-02-31"').replace('"10.00","0"', '"ten","0"')
    parsed = read(broken, currency="RUB")
    assert [(one.line, one.field, one.code) for one in parsed.problems] == [
        (7, "Data", "not_a_date"),
        (8, "Fuel (litres)", "not_a_number"),
    ]
    assert len(parsed.rows) == 3


HOSTILE = [
    b"",
    b"\x00\x01\x02",
    b"\xff\xfe\x00",
    b'"open quote,\n1,2,3\n',
    b"a,b\n" + b"x" * 30_000 + b",1\n",
    b"PK\x03\x04 and nothing else",
    zipped(("bomb.csv", b"0" * 30_000_000)),
    zipped(*[(f"{number}.csv", b"a,b\n") for number in range(200)]),
    zipped(("../../etc/passwd.csv", b"a,b\n1,2\n")),
    zipped(("readme.md", b"# hello")),
    zipped(("metadata.inf", b"acar.backup.type=Full-Backup"), ("vehicles.xml", b"<a/>")),
    ("a," * 500 + "\n" + "1," * 500).encode(),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_files_that_are_none_are_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(NotReadable) as refused:
        read(data)
    assert refused.value.message.endswith(".")


def test_too_many_rows_are_refused() -> None:
    text = "Date,Cost,Description,Notes,Tags\n" + "2024-03-04,5.00,Wash,,\n" * 50_100
    with pytest.raises(NotReadable, match=r"50000"):
        read(text, currency="USD")


def test_a_row_keeps_where_it_stood() -> None:
    rows: list[ImportedRow] = list(read(FUELIO, currency="RUB").rows)
    assert [row.line for row in rows] == [6, 7, 8, 16, 17]
