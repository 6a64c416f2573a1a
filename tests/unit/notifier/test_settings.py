import pytest
from pydantic import ValidationError

from chassis.runtime import openapi_document
from notifier.settings import NotifierSettings
from notifier.wiring import service


def test_a_lease_outlasts_the_call_that_it_covers() -> None:
    with pytest.raises(ValidationError, match="CARPASS_SENDING_LEASE"):
        NotifierSettings(telegram_timeout=30, sending_lease=30)


def test_secrets_stay_out_of_what_is_printed() -> None:
    secrets = {
        "telegram_bot_token": "1:token",
        "telegram_webhook_secret": "a-secret-of-the-webhook",
        "notifier_credential": "the-credential",
    }
    printed = repr(NotifierSettings.model_validate(secrets))
    assert [secret for secret in secrets.values() if secret in printed] == []


def test_only_one_mode_of_hearing_runs() -> None:
    def parts(settings: NotifierSettings) -> set[str]:
        return {getattr(job, "__name__", "") for job in service(settings).background}

    webhook = NotifierSettings(telegram_mode="webhook", telegram_webhook_secret="a-secret-of-the-webhook")
    assert parts(NotifierSettings()) == {"telegram_delivery", "telegram_bot", "telegram_polling"}
    assert parts(webhook) == {"telegram_delivery", "telegram_bot"}


def test_the_api_is_documented_without_a_database() -> None:
    paths = openapi_document(service(NotifierSettings()))["paths"]
    assert set(paths) == {
        "/v1/notifications",
        "/v1/notifications/unread-count",
        "/v1/notifications/{notification_id}/read",
        "/v1/telegram/link",
        "/v1/telegram/webhook",
    }
