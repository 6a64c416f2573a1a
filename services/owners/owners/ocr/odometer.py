"""An odometer on a photo of a dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from owners.domain.odometer.reading import Unit
from owners.ocr.candidates import Candidate, OdometerValue, ranked
from owners.ocr.lines import Line

_DIGITS: Final = re.compile(
    r"(?<![\w.,:])(\d{1,3}(?:[ ,.]\d{3}){1,2}|[\dOОoоQDIl|SBZ]{3,7})(?:[.,](\d))?(?![\d:]|[.,]\d)", re.ASCII
)
_LOOK_ALIKES: Final = str.maketrans("OОoоQDIl|SBZ", "000000111582")
_UNIT: Final[tuple[tuple[Unit, re.Pattern[str]], ...]] = (
    ("km", re.compile(r"^ *(?:km|км|kм|кm)(?![\w/])", re.IGNORECASE)),
    ("mi", re.compile(r"^ *(?:mi|miles?|мил[ья]|миль)(?![\w/])", re.IGNORECASE)),
)
_NAMED: Final = re.compile(
    r"\bodo\w*|\b[o0О]d[o0О]\b|\btotal\b|\bпробег\b|\bодометр\w*|\bmileage\b|^000$", re.IGNORECASE
)
_ANOTHER: Final = re.compile(
    r"\btrip\b|\brange\b|запас|поездк|\bдо то\b|service in|\bавг\b|\bavg\b|^ *(?:km|км)/", re.IGNORECASE
)
_OTHER_UNIT: Final = re.compile(r"^ *(?:°|%|[lл]/|km/h|км/ч|rpm|об/мин|mph|kg|кг|кВт|kw)", re.IGNORECASE)
_DIAL: Final = 320  # a speedometer's own numbers
_BY_LENGTH: Final = {3: 0.2, 4: 0.35, 5: 0.6, 6: 0.7, 7: 0.3}
_WITH_UNIT: Final = 0.2
_WITH_NAME: Final = 0.2
_OF_ANOTHER: Final = 0.45
_BESIDE_HIGHER: Final = 0.1


def odometer(lines: Sequence[Line], *, demand_label: bool = False) -> tuple[Candidate[OdometerValue], ...]:
    """What the odometer may show. With `demand_label` only what a unit or a word stands beside."""
    found = list(_values(lines, demand_label=demand_label))
    return ranked(found)


def _values(lines: Sequence[Line], *, demand_label: bool) -> Iterator[Candidate[OdometerValue]]:
    highest = max((line.height for line in lines), default=0)
    for index, line in enumerate(lines):
        for match in _DIGITS.finditer(line.text):
            digits = re.sub(r"\D", "", match[1].translate(_LOOK_ALIKES))
            printed = sum(char.isdecimal() for char in match[1])
            sure = _BY_LENGTH.get(len(digits), 0.0)
            if 2 * printed <= len(digits) or not sure or _OTHER_UNIT.search(line.text[match.end() :]):
                continue
            unit = _unit(line.text[match.end() :])
            named = _is_named(lines, index, match.start())
            if (demand_label and unit is None and not named) or (int(digits) <= _DIAL and unit is None):
                continue
            sure += _WITH_UNIT * (unit is not None) + _WITH_NAME * named
            sure -= _OF_ANOTHER * bool(_ANOTHER.search(line.text[: match.start()])) + 0.1 * (match[2] is not None)
            sure -= _BESIDE_HIGHER * (2 * line.height < highest) + 0.15 * (printed < len(digits))
            value = Decimal(digits) + (Decimal(match[2]) / 10 if match[2] else 0)
            sure *= (1 + line.confidence(*match.span())) / 2
            yield Candidate(OdometerValue(value, unit), sure, line.text)


def _unit(after: str) -> Unit | None:
    return next((unit for unit, pattern in _UNIT if pattern.search(after)), None)


def _is_named(lines: Sequence[Line], index: int, start: int) -> bool:
    """Whether the line, or one of one or two words above it, says that this is the odometer."""
    if _NAMED.search(lines[index].text[:start].strip()):
        return True
    above = lines[index - 1] if index else None
    return above is not None and len(above.words) <= 2 and bool(_NAMED.search(above.text))  # noqa: PLR2004
