"""The one door to CarPass."""
