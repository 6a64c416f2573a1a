"""The vehicle passport as its owner keeps it."""
