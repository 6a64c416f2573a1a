"""A car's life, taken along by its owner."""

import csv
import hashlib
import io
import json
from typing import Any
from uuid import uuid4

from openpyxl import load_workbook
from pypdf import PdfReader

from contracts.exchange import ExchangeDocument
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_services_and_expenses import EXPENSE, SERVICE

FUEL: dict[str, Any] = {
    "filled_on": "2024-02-01",
    "local_time": "08:30:00",
    "time_zone": "Europe/Moscow",
    "energy_kind": "petrol",
    "odometer": {"value": "187300.5", "unit": "km"},
    "volume": "40.125",
    "unit_price": "51.20",
    "full": True,
    "station": "АЗС № 7",
}


async def lived_in_car(owners: Owners, anna: Person) -> str:
    car = await owners.car(anna, energy_kinds=["petrol"], tags=["семья"])
    await owners.created(f"{car}/fuel-entries", anna, FUEL)
    await owners.created(f"{car}/service-entries", anna, SERVICE)
    await owners.created(f"{car}/expenses", anna, EXPENSE)
    await owners.read(car, anna, "187000", "2024-01-20")
    await owners.deliver(completed(car))
    return car


async def exported(owners: Owners, car: str, person: Person) -> tuple[dict[str, Any], bytes]:
    """The document, and the bytes of its `data`."""
    answer = await owners.get(f"{car}/export", person)
    assert answer.status_code == 200, answer.text
    data = answer.content.partition(b'"data":')[2].rpartition(b',"origin":')[0]
    document: dict[str, Any] = answer.json()
    assert json.loads(data) == document["data"]
    return document, data


async def test_export_holds_every_record_once_with_its_provenance(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await lived_in_car(owners, anna)
    document, _ = await exported(owners, car, anna)
    parsed = ExchangeDocument.model_validate_json(json.dumps(document))
    data = parsed.data
    [fuel], [typed, attested], [parking], [reading] = (
        data.fuel_entries,
        data.service_entries,
        data.expenses,
        data.readings,
    )
    assert (fuel.volume, fuel.unit_price, fuel.total_minor, fuel.derived) == ("40.125", "51.20", 205_440, "total")
    assert fuel.odometer is not None
    assert (fuel.odometer.value, fuel.station) == ("187300.5", "АЗС № 7")
    assert (typed.cost_minor, typed.next_due_km, len(typed.lines)) == (570_000, 10_000, 3)
    assert (parking.category, parking.amount_minor) == ("parking", 30_000)
    assert reading.odometer.value == "187000"
    origins = {one.external_id: one for one in parsed.origin.records}
    assert len(origins) == len(parsed.origin.records) == 5
    assert origins[typed.external_id].provenance == "self_declared"
    assert origins[attested.external_id].provenance == "attested"
    proof = origins[attested.external_id].attestation
    assert proof is not None
    [row] = await owners.rows("SELECT snapshot_sha256, work_order_id FROM service_entry WHERE provenance = 'attested'")
    assert (proof.snapshot_sha256, proof.work_order_id) == (row.snapshot_sha256, row.work_order_id)
    told = origins[fuel.external_id].reading
    assert told is not None
    assert (told.source, told.verdict) == ("fuel", "ok")


async def test_same_car_gives_the_same_bytes_and_their_hash(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await lived_in_car(owners, anna)
    first, data = await exported(owners, car, anna)
    assert first["origin"]["data_sha256"] == hashlib.sha256(data).hexdigest()
    assert (await exported(owners, car, anna))[1] == data
    await owners.created(f"{car}/expenses", anna, EXPENSE)
    assert (await exported(owners, car, anna))[1] != data


async def test_records_of_one_day_stand_by_external_id_beyond_a_page(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    made = await owners.created(f"{car}/expenses", anna, EXPENSE | {"odometer": None})
    columns = (
        "car_id, owner_id, expense_date, time_zone, category, amount_minor, currency, note, author_id, provenance, "
        "created_at, updated_at, version"
    )
    await owners.execute(
        f"INSERT INTO expense (id, {columns}) SELECT gen_random_uuid(), {columns} "  # noqa: S608 -- our names
        "FROM expense, generate_series(1, 1200) WHERE id = :id",
        id=made["id"],
    )
    document, _ = await exported(owners, car, anna)
    ids = [one["external_id"] for one in document["data"]["expenses"]]
    assert len(ids) == 1_201
    assert ids == sorted(set(ids))


async def test_empty_car_is_a_whole_document(owners: Owners) -> None:
    anna = await owners.sign_in()
    document, data = await exported(owners, await owners.car(anna), anna)
    assert ExchangeDocument.model_validate_json(json.dumps(document)).car.make == "Lada"
    assert data == b'{"fuel_entries":[],"service_entries":[],"expenses":[],"readings":[],"documents":[]}'


async def test_export_is_the_owners_alone(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await lived_in_car(owners, anna)
    foreign = await owners.get(f"{car}/export", boris)
    missing = await owners.get(f"/v1/cars/{uuid4()}/export", boris)
    assert (foreign.status_code, missing.status_code) == (404, 404)
    await owners.execute(
        "INSERT INTO access_grant (id, car_id, owner_id, grantee_id, role, granted_at, sequence, version) "
        "VALUES (:id, :car, :owner, :grantee, 'manager', now(), 1, 1)",
        id=uuid4(),
        car=car.rpartition("/")[2],
        owner=anna.user_id,
        grantee=boris.user_id,
    )
    assert (await owners.get(car, boris)).status_code == 200
    assert (await owners.get(f"{car}/export", boris)).status_code == 403


async def test_unknown_format_is_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    assert (await owners.get(f"{car}/export", anna, format="exe")).status_code == 422
    assert (await owners.get(f"{car}/export", anna, form="carpass")).status_code == 422


async def test_table_for_spreadsheets_is_taken_back_equal(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await lived_in_car(owners, anna)
    for note in ("=HYPERLINK(1)", "+7 900", "-1", "@me", "'quoted", 'a "b", c; d'):
        body = {"expense_date": "2024-05-01", "category": "wash", "amount": {"amount_minor": 1, "currency": "RUB"}}
        await owners.created(f"{car}/expenses", anna, body | {"note": note})
    table = await owners.get(f"{car}/export", anna, format="csv")
    assert (table.status_code, table.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert table.headers["x-content-type-options"] == "nosniff"
    cells = [cell for row in csv.reader(io.StringIO(table.content.decode("utf-8-sig"))) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    other = await owners.car(boris, energy_kinds=["petrol"])
    query = {"car_id": other.rpartition("/")[2]}
    shown = await owners.client.post("/v1/imports", params=query, content=table.content, headers=boris.acting())
    assert (shown.status_code, shown.json()["problems"]) == (200, [])
    commit = query | {"mode": "commit", "hash": shown.json()["hash"]}
    done = await owners.client.post("/v1/imports", params=commit, content=table.content, headers=boris.acting())
    assert (done.status_code, done.json()["counts"]["new"]) == (200, shown.json()["counts"]["new"])
    assert (await exported(owners, other, boris))[1] == (await exported(owners, car, anna))[1]
    assert (await owners.get(f"{other}/export", boris, format="csv")).content == table.content


async def test_workbook_is_the_same_table_in_text_cells_and_comes_back_equal(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await lived_in_car(owners, anna)
    for note in ("=HYPERLINK(1)", "+7 900", "'quoted", 'a "b", c; d'):
        body = {"expense_date": "2024-05-01", "category": "wash", "amount": {"amount_minor": 1, "currency": "RUB"}}
        await owners.created(f"{car}/expenses", anna, body | {"note": note})
    book = await owners.get(f"{car}/export", anna, format="xlsx")
    assert book.status_code == 200
    assert book.headers["content-disposition"].endswith('.xlsx"')
    sheet = load_workbook(io.BytesIO(book.content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "@"))] == []
    other = await owners.car(boris, energy_kinds=["petrol"])
    query = {"car_id": other.rpartition("/")[2]}
    shown = await owners.client.post("/v1/imports", params=query, content=book.content, headers=boris.acting())
    assert (shown.status_code, shown.json()["problems"]) == (200, []), shown.text
    commit = query | {"mode": "commit", "hash": shown.json()["hash"]}
    done = await owners.client.post("/v1/imports", params=commit, content=book.content, headers=boris.acting())
    assert done.status_code == 200
    assert (await exported(owners, other, boris))[1] == (await exported(owners, car, anna))[1]


async def test_pdf_tells_the_cars_life_in_its_owners_language(owners: Owners) -> None:
    anna, boris = await owners.sign_in(language_code="ru"), await owners.sign_in()
    car = await lived_in_car(owners, anna)
    answer = await owners.get(f"{car}/export", anna, format="pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"].endswith('.pdf"')
    pages = PdfReader(io.BytesIO(answer.content), strict=True).pages
    text = "\n".join(page.extract_text() for page in pages)
    for told in ("История автомобиля: Lada", "подтверждено", "со слов", "парковка", "АЗС № 7", "семья"):
        assert told in text, told
    assert (await owners.get(f"{car}/export", boris, format="pdf")).status_code == 404


async def test_fuelio_backup_can_be_taken_in_again(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await lived_in_car(owners, anna)
    for note in ("=HYPERLINK(1)", "+7 900", "'quoted", 'a "b", c; d'):
        body = {"expense_date": "2024-05-01", "category": "fine", "amount": {"amount_minor": 150, "currency": "RUB"}}
        await owners.created(f"{car}/expenses", anna, body | {"note": note})
    backup = await owners.get(f"{car}/export", anna, format="fuelio")
    assert (backup.status_code, backup.text.splitlines()[0]) == (200, '"## Vehicle"')
    assert [
        cell for row in csv.reader(io.StringIO(backup.text)) for cell in row if cell.startswith(("=", "+", "@"))
    ] == []
    other = await owners.car(boris, energy_kinds=["petrol"])
    query = {"car_id": other.rpartition("/")[2], "currency": "RUB", "time_zone": "Europe/Moscow"}
    shown = await owners.client.post("/v1/imports", params=query, content=backup.content, headers=boris.acting())
    assert (shown.status_code, shown.json()["problems"], shown.json()["questions"]) == (200, [], []), shown.text
    commit = query | {"mode": "commit", "hash": shown.json()["hash"]}
    done = await owners.client.post("/v1/imports", params=commit, content=backup.content, headers=boris.acting())
    assert done.status_code == 200, done.text
    fills = [
        [
            (
                row["filled_on"],
                row["volume"],
                row["total"],
                row["full"],
                row["missed_before"],
                row["odometer"],
                row["note"],
            )
            for row in await owners.listed(f"{each}/fuel-entries", person)
        ]
        for each, person in ((car, anna), (other, boris))
    ]
    assert fills[0] == fills[1]
    costs = [
        sorted(
            (row["expense_date"], row["category"], row["amount"]["amount_minor"], row["note"] or "")
            for row in await owners.listed(f"{each}/expenses", person)
        )
        for each, person in ((car, anna), (other, boris))
    ]
    assert costs[0] == costs[1]
    again = await owners.client.post("/v1/imports", params=query, content=backup.content, headers=boris.acting())
    assert again.json()["counts"]["new"] == 0


async def test_wrong_row_of_a_table_is_told_by_its_line(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await lived_in_car(owners, anna)
    table = (await owners.get(f"{car}/export", anna, format="csv")).content.decode("utf-8-sig")
    header, *rows = table.splitlines()
    places = header.split(",")
    broken = [
        header,
        *rows,
        ",".join("expense" if name == "kind" else "x" for name in places),
        ",".join("x" * len(places)),
    ]
    query = {"car_id": car.rpartition("/")[2]}
    data = "\r\n".join(broken).encode()
    shown = await owners.client.post("/v1/imports", params=query, content=data, headers=anna.acting())
    assert {problem["line"] for problem in shown.json()["problems"]} == {len(rows) + 2, len(rows) + 3}
    assert shown.json()["counts"]["duplicate"] == len(rows)
