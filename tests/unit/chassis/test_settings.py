from pathlib import Path
from typing import Self

import pytest
from pydantic import model_validator

from chassis.settings import ServiceSettings, SettingMissing


def test_environment_is_read_with_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARPASS_HTTP_PORT", "8123")
    monkeypatch.setenv("CARPASS_READ_MODEL_PATIENCE", "0.5")
    settings = ServiceSettings.load()
    assert (settings.http_port, settings.read_model_patience) == (8123, 0.5)


def test_secret_is_read_from_a_file_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "carpass_database_api_url").write_text("postgresql://api:pw@db/owners")
    settings = ServiceSettings(_secrets_dir=tmp_path)
    assert settings.required("database_api_url") == "postgresql://api:pw@db/owners"


def test_secrets_are_not_shown() -> None:
    settings = ServiceSettings(database_api_url="postgresql://api:hidden@db/owners", kafka_password="hidden")
    assert "hidden" not in repr(settings)


def test_wrong_settings_end_the_start_with_a_sentence_that_quotes_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARPASS_HTTP_PORT", "hidden")
    monkeypatch.setenv("CARPASS_RELAY_POLL_INTERVAL", "-1")
    with pytest.raises(SystemExit) as ended:
        ServiceSettings.load()
    sentence = str(ended.value)
    assert sentence.startswith("wrong settings: CARPASS_")
    assert "CARPASS_HTTP_PORT: " in sentence
    assert "CARPASS_RELAY_POLL_INTERVAL: " in sentence
    assert "hidden" not in sentence


def test_missing_setting_is_named() -> None:
    with pytest.raises(SettingMissing, match="CARPASS_DATABASE_WORKER_URL is not set"):
        ServiceSettings().required("database_worker_url")


class _Leased(ServiceSettings):
    @model_validator(mode="after")
    def _check(self) -> Self:
        raise ValueError("CARPASS_LEASE is too short")


def test_rule_between_settings_is_told_in_its_own_words() -> None:
    with pytest.raises(SystemExit, match=r"^wrong settings: CARPASS_LEASE is too short$"):
        _Leased.load()
