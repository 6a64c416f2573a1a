"""Which readings of a car's odometer are believed. `judge` (verdict.py) is the whole rule; the rest are its steps."""
