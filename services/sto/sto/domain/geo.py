"""Distances on the earth taken as a sphere, which is right to half a percent."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin, sqrt
from typing import Final

from sto.domain.center import GeoPoint

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius R1 of the IUGG."""

_SLACK_DEGREES: Final = 1e-9
"""Wider than a rounding error, so that a box never cuts off a point at its very edge."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of degrees, edges included, which does not cross the date line."""

    south: float
    north: float
    west: float
    east: float

    def contains(self, point: GeoPoint) -> bool:
        """Whether the point is inside or on an edge."""
        return self.south <= point.latitude <= self.north and self.west <= point.longitude <= self.east


def distance_m(first: GeoPoint, second: GeoPoint) -> float:
    """Metres along the great circle (haversine formula)."""
    d_lat = radians(second.latitude - first.latitude)
    d_lon = radians(second.longitude - first.longitude)
    lat_1, lat_2 = radians(first.latitude), radians(second.latitude)
    haversine = sin(d_lat / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(haversine)))


def boxes_around(center: GeoPoint, radius_m: float) -> tuple[Box, ...]:
    """One or two boxes that hold every point within the radius: an index can be asked about them."""
    angle = radius_m / EARTH_RADIUS_M
    margin = degrees(angle) + _SLACK_DEGREES
    south, north = center.latitude - margin, center.latitude + margin
    if south <= -90 or north >= 90:  # noqa: PLR2004  # a pole is inside: every meridian passes
        return (Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0),)
    half_width = degrees(asin(min(1.0, sin(angle) / cos(radians(center.latitude))))) + _SLACK_DEGREES
    west, east = center.longitude - half_width, center.longitude + half_width
    if west < -180:  # noqa: PLR2004  # over the date line
        return Box(south, north, west + 360, 180.0), Box(south, north, -180.0, east)
    if east > 180:  # noqa: PLR2004
        return Box(south, north, west, 180.0), Box(south, north, -180.0, east - 360)
    return (Box(south, north, west, east),)
