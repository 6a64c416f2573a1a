"""A car's life in lines of JSON, as the process takes them that makes a PDF of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import orjson

from contracts.exchange_records import ExchangeItem, Kind
from owners.domain.car import Car
from owners.domain.fuel.summary import Series
from owners.domain.fuel.units import canonical_unit
from owners.domain.user import Locale
from owners.exchange.document import described_car
from owners.exchange.records import Row


def life_line(car: Car, consumption: Iterable[Series], locale: Locale, now: datetime) -> bytes:
    """The first line: what there is beside the records."""
    about = {
        "car": described_car(car).model_dump(mode="json"),
        "locale": locale,
        "made_on": now.date().isoformat(),
        "consumption": [
            {
                "energy_kind": one.energy_kind,
                "unit": canonical_unit(one.energy_kind),
                "average": None if one.average is None else str(one.average),
            }
            for one in consumption
        ],
    }
    return orjson.dumps(about) + b"\n"


def record_line(kind: Kind, row: Row, record: ExchangeItem) -> bytes:
    """A record, with who vouches for it and what is thought of its reading."""
    told = record.model_dump(mode="json", exclude={"external_id"})
    return orjson.dumps(told | {"kind": kind, "provenance": row["told_by"], "verdict": row["reading_verdict"]}) + b"\n"
