"""What other apps call a cost, and the category that it has here."""

from __future__ import annotations

import re
from typing import Final, Literal

from owners.domain.records import ExpenseCategory

type Booked = ExpenseCategory | Literal["loan"]

# The first that is found in the name; what says nothing known is `other`.
_NAMES: Final[tuple[tuple[Booked, re.Pattern[str]], ...]] = (
    ("loan", re.compile(r"\bloan|financ|кредит|\bлизинг|leasing|empr[eé]stimo|\bkredyt|\bkredit")),
    ("insurance", re.compile(r"insur|страхов|осаго|каско|seguro|versicher|ubezpiecz|assur")),
    ("parking", re.compile(r"park|парков|стоянк|estaciona")),
    ("toll", re.compile(r"\btolls?\b|платн\w+ дорог|платон|ped[aá]gio|\bmaut\b|vignet|виньет")),
    ("fine", re.compile(r"\bfines?\b|ticket|штраф|multa|mandat|bu(?:ß|ss)geld")),
    ("wash", re.compile(r"wash|мойк|lavag|myjni|wäsche|clean")),
    ("tyres", re.compile(r"\bty?i?res?\b|шин|резин|pneu|reifen|opon")),
    ("tax", re.compile(r"\btax|налог|пошлин|registration|imposto|ipva|steuer|podatek|licen[cs]")),
    ("parts", re.compile(r"\bparts?\b|запчаст|pe[cç]as|accessor|tuning|ersatzteil|cz[eę]ści")),
    (
        "service",
        re.compile(r"servic|maint|repair|сервис|\bто\b|ремонт|обслужив|inspe[ck]|oil|масл|manuten|naprawa|wartung"),
    ),
)


PLAIN_NAMES: Final[dict[ExpenseCategory, str]] = {
    "service": "Service",
    "parts": "Parts",
    "tyres": "Tires",
    "insurance": "Insurance",
    "tax": "Tax",
    "parking": "Parking",
    "toll": "Tolls",
    "fine": "Fines",
    "wash": "Wash",
    "other": "Other",
}
"""What a category is called for another app; taken in again it says nothing more than the category."""


def category_of(name: str | None) -> Booked:
    """The category; `loan` for payments of a loan, which are no expense: only their interest is a cost."""
    word = (name or "").casefold()
    return next((category for category, pattern in _NAMES if pattern.search(word)), "other")
