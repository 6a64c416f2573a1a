from __future__ import annotations


def car_label(make: str | None, model: str | None, plate: str | None) -> str | None:
    """What people call the car: "Toyota Corolla А123ВС77"; None when nothing is known of it."""
    return " ".join(part for part in (make, model, plate) if part) or None
