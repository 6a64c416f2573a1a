import pytest

from gateway.routing import ROUTES, Route, Router

router = Router()


@pytest.mark.parametrize(
    ("path", "upstream"),
    [
        ("/.well-known/jwks.json", "owners"),
        ("/v1/auth/telegram", "owners"),
        ("/v1/auth/logout", "owners"),
        ("/v1/me", "owners"),
        ("/v1/cars", "owners"),
        ("/v1/cars/0199-aa", "owners"),
        ("/v1/cars/0199-aa/odometer", "owners"),
        ("/v1/cars/0199-aa/service-entries/7", "owners"),
        ("/v1/cars/0199-aa/export", "owners"),
        ("/v1/imports", "owners"),
        ("/v1/imports/preview", "owners"),
        ("/v1/cars/0199-aa/score", "trust"),
        ("/v1/cars/0199-aa/timeline", "trust"),
        ("/v1/cars/0199-aa/recommendations", "trust"),
        ("/v1/recommendations/7/dismissal", "trust"),
        ("/v1/audit", "trust"),
        ("/v1/service-centers", "sto"),
        ("/v1/service-centers/7/employees/8/deactivation", "sto"),
        ("/v1/car-links/7/approval", "sto"),
        ("/v1/invitations/acceptance", "sto"),
        ("/v1/moderation/verifications/7/decision", "sto"),
        ("/v1/moderation/identities", "owners"),
        ("/v1/moderation/identities/7/decision", "owners"),
        ("/v1/work-orders", "workorders"),
        ("/v1/work-orders/7/jobs/8/labor", "workorders"),
        ("/v1/notifications/unread-count", "notifier"),
        ("/v1/telegram/link", "notifier"),
        ("/v1/telegram/webhook", "notifier"),
    ],
)
def test_path_belongs_to_one_service(path: str, upstream: str) -> None:
    route = router.find(path)
    assert route is not None
    assert route.upstream == upstream


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v2/cars",
        "/livez",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/v1/carsx",
        "/v1/car-links-internal",
        "/V1/cars",
        "/.well-known/openid-configuration",
    ],
)
def test_path_that_is_not_in_the_table_goes_nowhere(path: str) -> None:
    assert router.find(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "//v1/cars",
        "/v1//cars",
        "/v1/cars/",
        "/v1/cars/../me",
        "/v1/cars/./7",
        "/v1/cars/..",
        "/v1/cars/%2e%2e/me",
        "/v1/cars/7%2f..%2f..%2fmetrics",
        "/v1/cars/7%00",
        "/v1/cars/7;admin=1",
        "/v1\\cars",
        "/v1/cars/7/score%20",
        "/v1/cars/\u0430",
        "/v1/cars/7\n",
        "v1/cars",
        "http://elsewhere/v1/cars",
    ],
)
def test_second_spelling_of_a_path_is_no_path(path: str) -> None:
    assert router.find(path) is None


def test_only_these_need_no_access_token() -> None:
    public = {(method, route.pattern) for route in ROUTES for method in route.public}
    assert public == {
        ("GET", "/.well-known/jwks.json"),
        ("POST", "/v1/auth/telegram"),
        ("POST", "/v1/auth/refresh"),
        ("POST", "/v1/auth/bot"),
        ("POST", "/v1/telegram/webhook"),
    }


def test_more_specific_pattern_wins_in_any_order() -> None:
    routes = (Route("/a/**", "sto"), Route("/a/{id}/b", "trust"), Route("/a/x", "owners"))
    for order in (routes, routes[::-1]):
        found = [Router(order).find(path) for path in ("/a", "/a/x", "/a/x/b", "/a/7/b", "/a/7/c")]
        assert [route and route.upstream for route in found] == ["sto", "owners", "trust", "trust", "sto"]


def test_pattern_cannot_be_in_the_table_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        Router((Route("/a/{x}/**", "sto"), Route("/a/{y}/**", "trust")))
