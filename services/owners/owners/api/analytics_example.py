"""A month of a car, for the API's description."""

from __future__ import annotations

from typing import Any, Final

EXAMPLE: Final[dict[str, Any]] = {
    "from": "2026-03-01",
    "to": "2026-03-31",
    "days": 31,
    "currency": "RUB",
    "distance_km": 1240,
    "running_costs": {"amount_minor": 1250000, "currency": "RUB"},
    "converted": {"amount_minor": 110000, "currency": "RUB"},
    "cost_per_km": "10.0806",
    "cost_per_day": "403.2258",
    "fuel": [
        {
            "energy_kind": "petrol",
            "unit": "l",
            "quantity": "96.4",
            "fills": 3,
            "unpriced_fills": 0,
            "cost": {"amount_minor": 760000, "currency": "RUB"},
            "converted": {"amount_minor": 110000, "currency": "RUB"},
        }
    ],
    "by_category": [
        {
            "category": "fuel",
            "cost": {"amount_minor": 760000, "currency": "RUB"},
            "converted": {"amount_minor": 110000, "currency": "RUB"},
            "entries": 3,
        },
        {
            "category": "tyres",
            "cost": {"amount_minor": 490000, "currency": "RUB"},
            "converted": None,
            "entries": 1,
        },
    ],
    "by_month": [
        {
            "month": "2026-03",
            "distance_km": 1240,
            "running_costs": {"amount_minor": 1250000, "currency": "RUB"},
            "fuel_cost": {"amount_minor": 760000, "currency": "RUB"},
            "converted": {"amount_minor": 110000, "currency": "RUB"},
            "by_category": [
                {
                    "category": "fuel",
                    "cost": {"amount_minor": 760000, "currency": "RUB"},
                    "converted": {"amount_minor": 110000, "currency": "RUB"},
                    "entries": 3,
                },
                {
                    "category": "tyres",
                    "cost": {"amount_minor": 490000, "currency": "RUB"},
                    "converted": None,
                    "entries": 1,
                },
            ],
        }
    ],
    "other_currencies": [
        {
            "currency": "KZT",
            "running_costs": {"amount_minor": 1800000, "currency": "KZT"},
            "fuel_cost": None,
            "by_category": [
                {
                    "category": "parking",
                    "cost": {"amount_minor": 1800000, "currency": "KZT"},
                    "converted": None,
                    "entries": 2,
                },
            ],
        }
    ],
    "finances": {
        "value_at_start": {"amount_minor": 176000000, "currency": "RUB"},
        "value_at_end": {"amount_minor": 174000000, "currency": "RUB"},
        "depreciation": {"amount_minor": 2000000, "currency": "RUB"},
        "loan_interest": {"amount_minor": 1677500, "currency": "RUB"},
    },
    "total_cost": {"amount_minor": 4927500, "currency": "RUB"},
    "total_cost_per_km": "39.7379",
    "total_cost_per_day": "1589.5161",
}
