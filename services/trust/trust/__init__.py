"""Recommendations, audit, scores and the timeline of a car."""
