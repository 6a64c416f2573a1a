"""Writes the measured part of docs/odometer.md."""

from tests.unit.owners.odometer_quality.report import DOCUMENT, written

DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
