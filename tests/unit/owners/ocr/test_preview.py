"""What is understood of a page, whatever read it."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.ocr.candidates import Amount, Kind, OdometerValue, Preview, Quantity
from owners.ocr.fiscal_qr import fiscal_code
from owners.ocr.lines import lines_of
from owners.ocr.preview import is_empty, preview
from tests.unit.owners.ocr.pages import HEADER, tsv

LATEST = date(2026, 1, 1)
FISCAL = "t=20240312T1435&s=2159.04&fn=9289000100405811&i=12345&fp=1234567890&n=1"


def seen(page: str, kind: Kind | None = None, *codes: str) -> Preview:
    return preview(lines_of(tsv(page)), codes, kind=kind, latest=LATEST)


RUSSIAN = """
ООО РОСНЕФТЬ-УРАЛ
12.03.2024 14:35
ТРК 4 АИ-95
41,52 л x 52,00 руб/л
ИТОГ          2159,04
""".strip()
GERMAN = """
Tankstelle Nord
Datum 12.03.2024 14:35
Diesel
41,52 l x 1,759 EUR/l
Summe EUR         73,03
""".strip()
# Many countries call their money so: nothing here says which it is.
AMERICAN = """
PUMP 3 UNLEADED
03/25/2024 2:35 PM
GALLONS 10.512
PRICE/GAL $3.499
FUEL SALE $36.78
""".strip()


@pytest.mark.parametrize(
    ("page", "volume", "price", "total", "kind"),
    [
        (RUSSIAN, Quantity(Decimal("41.52"), "l"), "52.00", Amount(Decimal("2159.04"), "RUB"), "petrol"),
        (GERMAN, Quantity(Decimal("41.52"), "l"), "1.759", Amount(Decimal("73.03"), "EUR"), "diesel"),
        (AMERICAN, Quantity(Decimal("10.512"), "gal_us"), "3.499", Amount(Decimal("36.78"), None), "petrol"),
    ],
)
def test_fuel_receipt(page: str, volume: Quantity, price: str, total: Amount, kind: str) -> None:
    found = seen(page, "fuel_receipt").fuel_receipt
    assert found is not None
    assert (found.volume[0].value, found.unit_price[0].value.amount) == (volume, Decimal(price))
    assert (found.total[0].value, found.energy_kind[0].value) == (total, kind)
    assert found.total[0].text in [" ".join(line.split()) for line in page.splitlines()]
    assert seen(page).fuel_receipt == found  # and without being told what it is


def test_litres_times_price_is_the_total_within_a_percent() -> None:
    found = seen("АИ-92\n30,00 л x 50,00\nИТОГ   1510,00", "fuel_receipt").fuel_receipt
    assert found is not None
    assert (found.volume[0].value.quantity, found.total[0].value.amount) == (Decimal("30.00"), Decimal("1510.00"))
    off = seen("АИ-92\n30,00 л x 50,00\nИТОГ   1590,00", "fuel_receipt").fuel_receipt
    assert off is not None
    assert off.volume[0].confidence < found.volume[0].confidence


def test_fiscal_code_is_exact_and_stands_first() -> None:
    found = seen("АИ-95\nИТОГ   2158,00", None, "https://example.org", FISCAL).fuel_receipt
    assert found is not None
    assert (found.total[0].value, found.total[0].confidence, found.total[0].source) == (
        (Amount(Decimal("2159.04"), "RUB"), 1.0, "fiscal_qr")
    )
    assert (found.purchased_on[0].value, found.purchased_at[0].value) == (date(2024, 3, 12), time(14, 35))
    assert found.fiscal[0].value.key == "9289000100405811-12345-1234567890"


def test_what_text_and_code_both_say_comes_from_the_code() -> None:
    found = seen(RUSSIAN, None, FISCAL).fuel_receipt
    assert found is not None
    assert (found.total[0].value.amount, found.total[0].source) == (Decimal("2159.04"), "fiscal_qr")
    assert found.purchased_on[0].source == "fiscal_qr"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "t=20240312T1435&s=2159.04",
        FISCAL.replace("20240312", "20241332"),
        FISCAL.replace("s=2159.04", "s=-1"),
        FISCAL.replace("s=2159.04", "s=1e9"),
        FISCAL + "&s=1",
        FISCAL.replace("fn=9289000100405811", "fn=928900010040581"),
        FISCAL.replace("12345", "١٢٣٤٥"),
        FISCAL + "&x=" + "y" * 300,
    ],
)
def test_other_codes_are_no_receipts(text: str) -> None:
    assert fiscal_code(text) is None


def test_invoice_has_lines_and_a_total() -> None:
    items = "Замена масла        1500,00\nФильтр масляный       650,00"
    page = f"СТО Мотор\n15.03.2024\n{items}\nИтого:             2150,00 руб."
    found = seen(page, "invoice").invoice
    assert found is not None
    assert [(line.value.title, line.value.amount.amount) for line in found.lines] == [
        ("Замена масла", Decimal("1500.00")),
        ("Фильтр масляный", Decimal("650.00")),
    ]
    assert (found.total[0].value, found.invoice_date[0].value) == (Amount(Decimal("2150.00"), "RUB"), date(2024, 3, 15))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("ODO 187420 km", OdometerValue(Decimal(187420), "km")),
        ("187420 км", OdometerValue(Decimal(187420), "km")),
        ("ODO 116457 mi", OdometerValue(Decimal(116457), "mi")),
    ],
)
def test_odometer(page: str, expected: OdometerValue) -> None:
    assert seen(page, "odometer").odometer[0].value == expected


def test_vin_by_the_domains_rules() -> None:
    found = seen("VIN 1HGCM82633A004352", "vin").vin
    assert (found[0].value.vin, found[0].value.check_digit_fits, found[0].value.corrected) == (
        ("1HGCM82633A004352", True, False)
    )
    mended = seen("VIN 1HGCM82633AOO4352", "vin").vin
    assert (mended[0].value.vin, mended[0].value.corrected) == ("1HGCM82633A004352", True)
    assert mended[0].confidence <= found[0].confidence
    by_code = seen("", "vin", "1HGCM82633A004352").vin
    assert (by_code[0].source, by_code[0].value.vin) == ("barcode", "1HGCM82633A004352")


@pytest.mark.parametrize("page", ["", "Спасибо за покупку", "Улица Ленина 12", "12.03.2024"])
@pytest.mark.parametrize("kind", [None, "fuel_receipt", "invoice", "odometer", "vin"])
def test_nothing_is_made_of_nothing(page: str, kind: Kind | None) -> None:
    assert is_empty(seen(page, kind))


@given(st.text(max_size=400), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_is_survived(text: str, codes: list[str]) -> None:
    for kind in (None, "fuel_receipt", "odometer", "vin", "invoice"):
        preview(lines_of(tsv(text)), codes, kind=kind, latest=LATEST)


@given(st.text(max_size=300))
def test_any_output_of_the_reader_is_survived(text: str) -> None:
    lines_of(f"{HEADER}\n{text}\n5\t1\t1\t1\t1\t1\tx\ty\t0\t0\tNaN\tword")


@given(
    volume=st.decimals(Decimal("1.5"), Decimal(150), places=2),
    price=st.decimals(Decimal("20.00"), Decimal("99.99"), places=2),
)
def test_printed_receipt_gives_its_numbers_back(volume: Decimal, price: Decimal) -> None:
    total = (volume * price).quantize(Decimal("0.01"))
    page = f"АИ-95\n{volume} л x {price} руб/л\nИТОГ     {total}"
    found = seen(page, "fuel_receipt").fuel_receipt
    assert found is not None
    assert any(one.value.quantity == volume for one in found.volume)
    assert any(one.value.amount == total for one in found.total)
