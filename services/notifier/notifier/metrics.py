"""The metrics of this service beside the chassis'."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

MESSAGES: Final = Counter("carpass_telegram_messages", "Messages to Telegram by what became of the call.", ["state"])
SEND_SECONDS: Final = Histogram(
    "carpass_telegram_send_seconds",
    "Duration of one sendMessage.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
UPDATES: Final = Counter(
    "carpass_telegram_updates", "Updates of the bot by outcome.", ["outcome"]
)  # done, failed, given_up
