from pathlib import Path

import pytest

from telegram_double.__main__ import given_token


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CARPASS_TELEGRAM_BOT_TOKEN", raising=False)
    return tmp_path / "carpass_telegram_bot_token"


def test_the_token_is_read_from_a_secret(secret: Path) -> None:
    secret.write_text("700100:from-a-file\n", "utf-8")
    assert given_token(secret) == "700100:from-a-file"


def test_the_environment_goes_before_a_secret(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("700100:from-a-file", "utf-8")
    monkeypatch.setenv("CARPASS_TELEGRAM_BOT_TOKEN", "700100:from-the-environment")
    assert given_token(secret) == "700100:from-the-environment"


def test_without_either_there_is_no_token(secret: Path) -> None:
    assert given_token(secret) is None
