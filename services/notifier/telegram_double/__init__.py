"""A local double of the Telegram Bot API, for development and tests."""
