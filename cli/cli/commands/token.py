"""`carpass token`: an access token of a made-up person, by the one door that everybody uses."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.stack.running import RunningStack
from cli.stack.state import DEFAULT_STATE_DIR

app = typer.Typer()


@app.command()
def token(
    name: Annotated[str, typer.Option("--as", help="Who signs in; the same name is the same person.")],
    language: Annotated[str, typer.Option(help="The person's language in Telegram.")] = "ru",
    state: Annotated[Path, typer.Option(help="The folder of data, logs and secrets.")] = DEFAULT_STATE_DIR,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer.")] = False,
) -> None:
    """Print an access token, valid for 15 minutes.

    Signs Telegram init data with the local bot's token and signs in like a Mini App. Example:
    curl -H "Authorization: Bearer $(./carpass token --as anna)" http://127.0.0.1:8080/v1/me
    """
    answer = asyncio.run(_sign_in(RunningStack.of(state), name, language))
    typer.echo(json.dumps(answer, indent=2) if as_json else answer["access_token"])


async def _sign_in(stack: RunningStack, name: str, language: str) -> dict[str, Any]:
    from cli.client.gateway import Gateway  # noqa: PLC0415 -- slow to import, and help must be fast
    from cli.client.sign_in import TelegramUser, signed_init_data  # noqa: PLC0415

    init_data = signed_init_data(TelegramUser.named(name, language), stack.secrets.bot_token)
    async with Gateway(stack.gateway_url) as gateway:
        answer = await gateway.call("POST", "/v1/auth/telegram", body={"init_data": init_data})
    signed_in: dict[str, Any] = answer.body
    return signed_in
