"""The notification queue, Telegram delivery and the bot."""
