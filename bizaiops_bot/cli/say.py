"""`bizaiops say` and `bizaiops chat`: a running bot is talked to from a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bizaiops_bot.cli.data import DEFAULT_URL
from bizaiops_bot.cli.given import fail
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.surfaces import terminal
from bizaiops_bot.surfaces.client import Client
from bizaiops_bot.surfaces.token_file import read_token

app = typer_app()
Url = Annotated[str, typer.Option(help="Where the bot is.")]
As = Annotated[str, typer.Option("--as", help="Who speaks: engineer, lead, analyst or sre in the demo.")]
Conversation = Annotated[str, typer.Option(help="Which conversation.")]
TokenFile = Annotated[Path | None, typer.Option(help="File with your token, for a bot that was started with `serve`.")]


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say, in quotes.")],
    as_: As = "engineer",
    conversation: Conversation = "ml-ops",
    click: Annotated[
        str | None,
        typer.Option(help="Then click the button with this label; with an empty TEXT the newest one there is."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for a click that approves or rejects.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: message_id, cards, runs, click.")
    ] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for an answer, and for a run to settle.")] = 30.0,
    token_file: TokenFile = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Say something to the running bot and print its answer."""
    with _client(url, token_file) as client:
        code = terminal.say(
            text, url, as_, conversation, click=click, wait_s=wait, as_json=as_json, reason=reason, client=client
        )
    raise typer.Exit(code)


@app.command()
def chat(
    as_: As = "engineer",
    conversation: Conversation = "ml-ops",
    token_file: TokenFile = None,
    url: Url = DEFAULT_URL,
) -> None:
    """A conversation in the terminal: the same cards, buttons by number, /as PERSON to switch."""
    with _client(url, token_file) as client:
        code = terminal.chat(url, as_, conversation, client=client)
    raise typer.Exit(code)


@contextmanager
def _client(url: str, token_file: Path | None) -> Iterator[Client]:
    try:
        client = Client(url, token=read_token(token_file))
    except BadInput as exc:
        fail(str(exc), code=2)
    try:
        yield client
    finally:
        client.close()
