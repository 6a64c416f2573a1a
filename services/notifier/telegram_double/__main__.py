"""`python -m telegram_double --port 8081 --token 123456:local --state DIR`."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from telegram_double.server import serve

_TOKEN_FILE = Path("/run/secrets/carpass_telegram_bot_token")


def main() -> int:
    """Run until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="telegram_double", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument(
        "--token",
        default=given_token(_TOKEN_FILE),
        help=f"the bot token to accept; default: CARPASS_TELEGRAM_BOT_TOKEN, else what {_TOKEN_FILE} holds",
    )
    parser.add_argument("--username", default="carpass_bot", help="the bot's user name")
    parser.add_argument("--state", type=Path, help="directory that keeps the chats; default: memory")
    arguments = parser.parse_args()
    if not arguments.token:
        parser.error("--token is required")
    try:
        asyncio.run(_run(arguments))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"telegram_double: {error}\n")
        return 1
    return 0


def given_token(secret: Path) -> str | None:
    """The bot's token as the environment or else a secret's file gives it, like every other setting."""
    given = os.environ.get("CARPASS_TELEGRAM_BOT_TOKEN")
    if given or not secret.is_file():
        return given
    return secret.read_text("utf-8").strip()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(
        token=arguments.token,
        username=arguments.username,
        host=arguments.host,
        port=arguments.port,
        state=arguments.state,
    ) as running:
        sys.stdout.write(f"Telegram double listens on {running.url}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
