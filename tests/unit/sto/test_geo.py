import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sto.domain.center import GeoPoint
from sto.domain.geo import EARTH_RADIUS_M, boxes_around, distance_m

MOSCOW, PETERSBURG = GeoPoint(55.7558, 37.6173), GeoPoint(59.9343, 30.3351)
POINTS = st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180))


def beside(start: GeoPoint, bearing: float, distance: float) -> GeoPoint:
    """Where one arrives from `start`: the direct problem on a sphere."""
    angle, lat, lon = distance / EARTH_RADIUS_M, math.radians(start.latitude), math.radians(start.longitude)
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)
    new_lat = math.asin(max(-1.0, min(1.0, sine)))
    new_lon = lon + math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat), math.cos(angle) - math.sin(lat) * math.sin(new_lat)
    )
    return GeoPoint(math.degrees(new_lat), (math.degrees(new_lon) + 540) % 360 - 180)


def test_moscow_is_634_kilometres_from_petersburg() -> None:
    assert distance_m(MOSCOW, PETERSBURG) == pytest.approx(634_000, rel=0.005)


@given(POINTS, POINTS)
def test_a_distance_is_the_same_both_ways_and_at_most_half_around(one: GeoPoint, other: GeoPoint) -> None:
    assert distance_m(one, other) == pytest.approx(distance_m(other, one), abs=0.1)
    assert 0 <= distance_m(one, other) <= math.pi * EARTH_RADIUS_M + 1


@given(POINTS, st.floats(0, 2 * math.pi), st.floats(0, 1), st.floats(1, 500_000))
def test_every_point_within_the_radius_is_in_a_box(
    center: GeoPoint, bearing: float, share: float, radius: float
) -> None:
    point = beside(center, bearing, radius * share * 0.999_999)
    assert any(box.contains(point) for box in boxes_around(center, radius))


@given(POINTS, st.floats(1, 500_000))
def test_boxes_are_made_of_degrees_that_exist(center: GeoPoint, radius: float) -> None:
    for box in boxes_around(center, radius):
        assert -90 <= box.south <= box.north <= 90
        assert -180 <= box.west <= box.east <= 180


def test_a_box_over_the_date_line_is_two() -> None:
    west, east = boxes_around(GeoPoint(-17.0, 179.9), 50_000)
    assert west.contains(GeoPoint(-17.0, 179.7))
    assert east.contains(GeoPoint(-17.0, -179.9))
    assert not any(box.contains(GeoPoint(-17.0, 0.0)) for box in (west, east))


def test_a_box_is_not_much_larger_than_it_must_be() -> None:
    (box,) = boxes_around(MOSCOW, 10_000)
    assert not box.contains(GeoPoint(55.7558, 37.6173 + 0.17))
    assert not box.contains(GeoPoint(55.7558 + 0.1, 37.6173))
