"""What an edit makes of the rate that an entry carries."""

from __future__ import annotations

from typing import Any

from owners.currencies import minor_digits
from owners.domain.car import Car
from owners.domain.conversion import Rated, rated_anew
from owners.domain.fuel.entry import FuelEntry
from owners.domain.records import Expense, ServiceEntry


def with_rate(
    changes: dict[str, Any], car: Car, entry: FuelEntry | ServiceEntry | Expense, *, amount: str
) -> dict[str, Any]:
    """The changes of an entry with what its amount, named `amount`, then comes to; raises NotARate.

    A new rate is one to the car's currency; one that stays is recalculated, and goes when the entry's currency changes.
    """
    details = dict(changes)
    told = Rated(details.pop("rate"), car.currency) if "rate" in details else Rated()
    amount_minor = details.get(amount, getattr(entry, amount))
    currency = details.get("currency", entry.currency)
    anew = rated_anew(entry.rated, told, amount_minor, currency, entry.currency, digits=minor_digits)
    return details if anew == entry.rated else details | anew._asdict()
