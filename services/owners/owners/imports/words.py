"""Words of the apps' languages for yes and no, kinds of fuel, and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from owners.domain.car import EnergyKind
from owners.domain.fuel.units import VolumeUnit
from owners.domain.odometer.reading import Unit

_YES: Final = frozenset(
    ["1", "true", "yes", "y", "x", "да", "sim", "ja", "si", "sí", "tak", "oui", "истина", "verdadeiro", "wahr"]
)
_NO: Final = frozenset(["0", "false", "no", "n", "нет", "não", "nao", "nein", "nie", "non", "ложь", "falso", "falsch"])

_KINDS: Final[tuple[tuple[EnergyKind, re.Pattern[str]], ...]] = (
    ("cng", re.compile(r"\bcng\b|метан|\bкпг\b|\bgnv\b|\bgnc\b|erdgas|natural gas|\bh-gas\b|\bl-gas\b|metano?\b")),
    ("lpg", re.compile(r"\blpg\b|\bglp\b|\bgpl\b|пропан|бутан|\bсуг\b|autogas|autogaz|propane?")),
    ("hydrogen", re.compile(r"hydrogen|водород|hidrog[eê]nio|wasserstoff|\bh2\b")),
    (
        "electric",
        re.compile(r"electri|элект|el[eé]tric|el[eé]ctric|strom\b|elektr|\bkwh\b|\bev\b|charg|заряд|\bac\b|\bdc\b"),
    ),
    ("diesel", re.compile(r"diesel|дизел|\bдт\b|солярк|\bgasoil|gas[oó]leo|\bgtl\b|\bhvo\b|olej nap")),
    (
        "petrol",
        re.compile(
            r"petrol|gasolin[ea]|бензин|\bаи\b|\bаи-?\d|benzin|benzyn|etanol|ethanol|[aá]lcool|\be(5|10|85)\b|\bflex\b"
            r"|unleaded|premium|regular|midgrade|mid-grade|super|essence|\b(9[1-9]|8[5-9]|100|95\+|98\+)\b|octane|\bpb\b"
        ),
    ),
)
_DISTANCES: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("km", "kms", "км", "kilometers", "kilometres", "kilometer", "kilometre", "quilômetros"), "km"),
    **dict.fromkeys(("mi", "mi.", "mile", "miles", "миль", "мили", "milhas", "millas"), "mi"),
}
_VOLUMES: Final[Mapping[str, VolumeUnit]] = {
    **dict.fromkeys(("l", "л", "lt", "ltr", "liter", "liters", "litre", "litres", "литр", "литры", "litros"), "l"),
    **dict.fromkeys(("gal_us", "us gallons", "us gallon", "us gal", "gal (us)", "gallons (us)", "gal us"), "gal_us"),
    **dict.fromkeys(
        ("gal_uk", "uk gallons", "uk gallon", "uk gal", "gal (uk)", "gallons (uk)", "imperial gallons", "gal uk"),
        "gal_uk",
    ),
    **dict.fromkeys(("kwh", "квт·ч", "квтч", "квт*ч", "квт-ч"), "kwh"),
    **dict.fromkeys(("kg", "кг", "kilograms"), "kg"),
}
_GALLONS: Final = frozenset({"gal", "gal.", "gallon", "gallons", "галлон", "галлоны"})


def flag(text: str) -> bool | None:
    """Yes or no; None for neither."""
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else None


def energy_kind(text: str) -> EnergyKind | None:
    """What a fuel's name means, None where it does not tell: "gas" is petrol to some and LPG or CNG to others."""
    word = text.strip().casefold()
    return next((kind for kind, pattern in _KINDS if pattern.search(word)), None)


def distance_unit(text: str) -> Unit | None:
    """Kilometres or miles; None for neither."""
    return _DISTANCES.get(text.strip().casefold())


def volume_unit(text: str) -> VolumeUnit | None:
    """A unit of volume, charge or mass; None for none, and for gallons of no country."""
    return _VOLUMES.get(text.strip().casefold())


def is_gallons(text: str) -> bool:
    """Whether it says gallons, not which."""
    return text.strip().casefold() in _GALLONS
