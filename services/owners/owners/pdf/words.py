"""The words of the report, and numbers and dates as people write them, in Russian and English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from owners.currencies import minor_digits
from owners.domain.user import Locale

_BETWEEN: Final = "\u00a0"  # layout.TOGETHER

_EN: Final = {
    "title": "The life of a car",
    "made": "Made on {day} by CarPass from what its owner may see.",
    "page": "Page {number}: {car}",
    "vin": "VIN",
    "frame_number": "Frame number",
    "plate": "Plate",
    "year": "Year",
    "tags": "Tags",
    "purchase": "Bought",
    "period": "Records",
    "odometer": "Odometer",
    "of_day": "{value} on {day}",
    "none": "There are no records yet.",
    "provenance": "Attested: a service center completed a work order, and nobody can alter it. "
    "Self-declared: the car's people say so.",
    "attested": "attested",
    "self_declared": "self-declared",
    "consumption": "Consumption",
    "consumption_note": "Average from full tank to full tank.",
    "per_100_km": "per 100 km",
    "costs": "Expenses by year and category",
    "services": "Services",
    "fuel": "Fuel",
    "expenses": "Expenses",
    "readings": "Odometer readings",
    "documents": "Documents",
    "date": "Date",
    "kind": "Kind",
    "category": "Category",
    "amount": "Amount",
    "what": "What",
    "note": "Note",
    "volume": "Volume",
    "price": "Price",
    "full": "full",
    "number": "Number",
    "issued": "Issued",
    "expires": "Valid until",
    "source": "Origin",
    "suspect": "doubtful",
    "quarantined": "looks mistyped",
    "rollback": "below an attested one",
    "petrol": "petrol",
    "diesel": "diesel",
    "lpg": "LPG",
    "cng": "CNG",
    "electric": "electric",
    "hydrogen": "hydrogen",
    "service": "service",
    "parts": "parts",
    "tyres": "tyres",
    "insurance": "insurance",
    "tax": "tax",
    "parking": "parking",
    "toll": "toll",
    "fine": "fine",
    "wash": "wash",
    "other": "other",
    "inspection": "inspection",
    "registration": "registration",
    "warranty": "warranty",
    "km": "km",
    "mi": "mi",
    "l": "l",
    "gal_us": "US gal",
    "gal_uk": "UK gal",
    "kwh": "kWh",
    "kg": "kg",
}
_RU: Final = {
    "title": "История автомобиля",
    "made": "Составлено {day} в CarPass по данным, которые видит владелец.",
    "page": "Страница {number}: {car}",
    "vin": "VIN",
    "frame_number": "Номер кузова",
    "plate": "Госномер",
    "year": "Год",
    "tags": "Метки",
    "purchase": "Куплен",
    "period": "Записи",
    "odometer": "Пробег",
    "of_day": "{value} на {day}",
    "none": "Записей пока нет.",
    "provenance": "Подтверждено: сервис закрыл заказ-наряд, и изменить запись не может никто. "
    "Со слов: так говорят владелец и те, кому он доверил автомобиль.",
    "attested": "подтверждено",
    "self_declared": "со слов",
    "consumption": "Расход топлива",
    "consumption_note": "Средний, от полного бака до полного бака.",
    "per_100_km": "на 100 км",
    "costs": "Расходы по годам и видам",
    "services": "Обслуживание",
    "fuel": "Топливо",
    "expenses": "Расходы",
    "readings": "Показания одометра",
    "documents": "Документы",
    "date": "Дата",
    "kind": "Вид",
    "category": "Вид",
    "amount": "Сумма",
    "what": "Что сделано",
    "note": "Примечание",
    "volume": "Объём",
    "price": "Цена",
    "full": "полный",
    "number": "Номер",
    "issued": "Выдан",
    "expires": "Действует до",
    "source": "Источник",
    "suspect": "под вопросом",
    "quarantined": "похоже на опечатку",
    "rollback": "меньше подтверждённого",
    "petrol": "бензин",
    "diesel": "дизель",
    "lpg": "пропан",
    "cng": "метан",
    "electric": "электричество",
    "hydrogen": "водород",
    "service": "обслуживание",
    "parts": "запчасти",
    "tyres": "шины",
    "insurance": "страховка",
    "tax": "налог",
    "parking": "парковка",
    "toll": "платная дорога",
    "fine": "штраф",
    "wash": "мойка",
    "other": "прочее",
    "inspection": "техосмотр",
    "registration": "регистрация",
    "warranty": "гарантия",
    "km": "км",
    "mi": "миль",
    "l": "л",
    "gal_us": "галл. США",
    "gal_uk": "англ. галл.",
    "kwh": "кВт·ч",
    "kg": "кг",
}
WORDS: Final[Mapping[Locale, Mapping[str, str]]] = MappingProxyType({"en": _EN, "ru": _RU})


class Speech:
    """How one of the languages says it."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._words = WORDS[locale]

    def word(self, name: str) -> str:
        """A word of the report."""
        return self._words[name]

    def day(self, told: str | None) -> str:
        """A date (ISO 8601); empty when there is none."""
        if told is None:
            return ""
        return f"{date.fromisoformat(told):%d.%m.%Y}" if self._locale == "ru" else told

    def number(self, told: str | int | Decimal) -> str:
        """A number in groups of three."""
        text = f"{Decimal(told):,}".replace(",", _BETWEEN)
        return text.replace(".", ",") if self._locale == "ru" else text

    def money(self, minor: int | None, currency: str | None) -> str:
        """An amount with its currency; empty when it is not known."""
        if minor is None or currency is None:
            return ""
        return f"{self.number(Decimal(minor).scaleb(-minor_digits(currency)))} {currency}"

    def measure(self, told: str | None, unit: str | None) -> str:
        """A number with its unit; empty when it is not known."""
        return "" if told is None or unit is None else f"{self.number(told)} {self.word(unit)}"
