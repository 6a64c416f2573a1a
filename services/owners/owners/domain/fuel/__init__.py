"""Fuel and charging: what was bought, and what the car consumes."""
