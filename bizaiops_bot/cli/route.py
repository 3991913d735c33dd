"""`bizaiops route`: what the router makes of a sentence, stage by stage, without doing anything."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.route import OpenAiLanguage
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput, BotError
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.engine.runs.language_use import LanguageUse
from bizaiops_bot.evaluation.company import COMPANY, specs
from bizaiops_bot.router.intents import load_intents
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.trace import Trace, trace
from bizaiops_bot.settings import Settings, load_settings
from bizaiops_bot.surfaces.client import Client, NoBot
from bizaiops_bot.surfaces.plain_signs import readable
from bizaiops_bot.surfaces.render.trace import trace_rich
from bizaiops_bot.surfaces.token_file import read_token

app = typer_app()
FAILED, USAGE, NO_BOT = 1, 2, 3


@app.command()
def route(
    text: Annotated[str, typer.Argument(help="What someone says, in quotes.")],
    thread: Annotated[
        list[str] | None, typer.Option(help="What was said before in the thread; repeatable, oldest first.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: Annotated[Path | None, typer.Option(help="Data folder of the bot, for what it has learned.")] = None,
    url: Annotated[
        str | None, typer.Option(help="A running bot, whose names are used [default: a small company].")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="File with your token for that bot.")] = None,
    language: Annotated[
        bool, typer.Option("--language", help="Ask the language model too, if one is set and it is needed.")
    ] = False,
) -> None:
    """Show how a sentence is understood, stage by stage, with scores. Starts nothing and needs no bot.

    Exit code 0: it has been shown, whatever the router decided, 2: it cannot be, 3: no bot at --url.
    """
    try:
        found = asyncio.run(_trace(readable(text), tuple(thread or ()), data, url, token_file, ask=language))
    except NoBot as exc:
        _fail(str(exc), code=NO_BOT)
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    Console(highlight=False).print(trace_rich(found))


async def _trace(
    text: str, before: tuple[str, ...], data: Path | None, url: str | None, token_file: Path | None, *, ask: bool
) -> Trace:
    settings = load_settings()
    settings = settings if data is None else settings.model_copy(update={"data": data})
    catalogue = _names(url, token_file)
    learned = settings.data / "router"
    router = Router(load_intents(content_folder("intents")), list(specs()), learned if learned.is_dir() else None)
    router.warm()
    async with AsyncExitStack() as open_:
        if ask:
            await _also_ask(open_, settings, router)
        return await trace(router, text, catalogue, before=before, ask=ask)


def _names(url: str | None, token_file: Path | None) -> Catalogue:
    if url is None:
        return COMPANY
    client = Client(url, token=read_token(token_file))
    try:
        return client.catalogue()
    finally:
        client.close()


async def _also_ask(open_: AsyncExitStack, settings: Settings, router: Router) -> None:
    """Has the router ask the language model of the settings; what that costs is counted in the bot's data."""
    if not isinstance(settings.language, OpenAiSettings):
        raise BadInput("No language model is set.", do="Set BIZAIOPS_LANGUAGE__KIND=openai and its key or address.")
    settings.data.mkdir(parents=True, exist_ok=True)
    store = settings.store.open(settings.data)
    open_.push_async_callback(store.aclose)
    client = LanguageClient(settings.language, LanguageUse(store), settings.data, time_zone=settings.time_zone)
    client.start()
    open_.push_async_callback(client.stop)
    router.ask_also(OpenAiLanguage(client))


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
