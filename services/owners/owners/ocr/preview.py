"""What to look for in an image, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from owners.ocr.candidates import Kind, Preview
from owners.ocr.fiscal_qr import FiscalCode, fiscal_code
from owners.ocr.fuel_receipt import fuel_receipt
from owners.ocr.invoice import invoice
from owners.ocr.lines import Line
from owners.ocr.odometer import odometer
from owners.ocr.vin_plate import vins

_A_TABLE: Final = 2


def preview(lines: Sequence[Line], barcodes: Sequence[str], *, kind: Kind | None, latest: date) -> Preview:
    """Candidates for this kind of image, or for whatever it may be. `latest`: the last day that a paper can bear."""
    fiscal = next((code for text in barcodes if (code := fiscal_code(text)) is not None), None)
    if kind == "odometer":
        return Preview(odometer=odometer(lines))
    if kind == "vin":
        return Preview(vin=vins(lines, barcodes))
    if kind == "fuel_receipt":
        receipt = fuel_receipt(lines, latest=latest, fiscal=fiscal)
        return Preview(fuel_receipt=None if receipt.is_empty else receipt)
    if kind == "invoice":
        bill = invoice(lines, latest=latest, fiscal=fiscal)
        return Preview(invoice=None if bill.is_empty else bill)
    return _anything(lines, barcodes, latest, fiscal)


def _anything(lines: Sequence[Line], barcodes: Sequence[str], latest: date, fiscal: FiscalCode | None) -> Preview:
    """As above without a hint, so each kind has to show a sign of its own: a VIN is one, a number alone is none."""
    receipt = fuel_receipt(lines, latest=latest, fiscal=fiscal)
    is_fuel = bool(receipt.volume) and (bool(receipt.energy_kind) or receipt.volume[0].value.unit is not None)
    bill = invoice(lines, latest=latest, fiscal=fiscal)
    is_bill = not is_fuel and (bool(bill.fiscal) or len(bill.lines) >= _A_TABLE or bool(bill.lines and bill.total))
    is_paper = is_fuel or is_bill
    return Preview(
        fuel_receipt=receipt if is_fuel or (bool(receipt.fiscal) and not bill.lines) else None,
        odometer=() if is_paper else odometer(lines, demand_label=True),
        vin=vins(lines, barcodes),
        invoice=bill if is_bill else None,
    )


def is_empty(found: Preview) -> bool:
    """Whether nothing was found at all."""
    return found.fuel_receipt is None and found.invoice is None and not found.odometer and not found.vin
