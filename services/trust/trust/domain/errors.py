"""What the rules of trust refuse."""

from __future__ import annotations


class RecommendationSettled(Exception):  # noqa: N818 - named as what is the case
    """It is already done, dismissed or superseded."""
