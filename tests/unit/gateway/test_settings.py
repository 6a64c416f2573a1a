import pytest
from pydantic import ValidationError

from chassis.settings import SettingMissing
from gateway.settings import GatewaySettings


def test_origins_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARPASS_CORS_ORIGINS", '["https://app.example", "http://127.0.0.1:8080"]')
    assert GatewaySettings().cors_origins == ("https://app.example", "http://127.0.0.1:8080")


@pytest.mark.parametrize("origin", ["*", "https://app.example/", "https://app.example/page", "app.example", "null"])
def test_anything_but_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        GatewaySettings(cors_origins=(origin,))


def test_service_without_an_address_is_told() -> None:
    with pytest.raises(SettingMissing, match="CARPASS_UPSTREAM_OWNERS_URL"):
        GatewaySettings().upstream_urls()


def test_one_service_may_have_deadlines_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARPASS_UPSTREAM_DEADLINES", '{"trust": {"read": 1.5}}')
    settings = GatewaySettings()
    assert settings.deadlines_of("trust").read == 1.5
    assert settings.deadlines_of("trust").command == settings.deadlines_of("owners").command == 5.0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "http://",
        "host:80",
        "http://host:port",
        "http://host/path",
        "http://host?x=1",
        "http://host#x",
        "http://user:secret@host",
    ],
)
def test_service_is_named_by_its_base_url(url: str) -> None:
    with pytest.raises(ValueError, match="CARPASS_UPSTREAM_STO_URL must be scheme, host and port"):
        GatewaySettings(upstream_sto_url=url).upstream_url("sto")


@pytest.mark.parametrize("url", ["http://sto:8002", "http://sto:8002/", "https://sto.example", "http://[::1]:8002"])
def test_base_url_of_a_service_ends_without_a_slash(url: str) -> None:
    assert GatewaySettings(upstream_sto_url=url).upstream_url("sto") == url.removesuffix("/")
