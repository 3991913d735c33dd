"""`bizaiops demo` and `bizaiops serve`: a bot is started and runs until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr

from bizaiops_bot.app.bootstrap import Bot
from bizaiops_bot.app.checkup import line
from bizaiops_bot.app.made_tokens import made_tokens, read_tokens
from bizaiops_bot.app.serve import run
from bizaiops_bot.cli.given import CompanyDir, fail, settings_with
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.embedded.settings import EmbeddedSettings
from bizaiops_bot.settings import Settings, company_file

app = typer_app()
BESIDE = {"BIZAIOPS_ENVIRONMENT", "BIZAIOPS_EMBEDDED__STAGING"}
"""Variables that say which environments there are."""
CHOSEN = frozenset({"BIZAIOPS_EMBEDDED", "BIZAIOPS_EMBEDDED__SPEED", "BIZAIOPS_EMBEDDED__CALM_SPEED"})
"""Variables that choose how fast the world runs."""
THINGS_TO_SAY = (
    "what models do we have?",
    "deploy churn v2 as a 10% canary   (as {asks}; then switch to {approves} and approve)",
    "status churn",
    "inject covariate drift into churn   (and watch the alert come)",
    "how did churn do this week?",
)


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port of the console and the API [default: 8642].")] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            help="World seconds per real second, always [default: 60, a minute a second, while something is under way, "
            "else 1]."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the embedded company [default: 7].")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder for everything; a restart goes on from it [default: .data].")
    ] = None,
    churn_data: Annotated[
        Path | None, typer.Option(help="Real customers: a file like IBM's Telco-Customer-Churn.csv.")
    ] = None,
    demand_data: Annotated[Path | None, typer.Option(help="Real demand: any CSV of date, series, value.")] = None,
    churn_column: Annotated[
        list[str] | None, typer.Option(help="Column mapping of --churn-data, as label=Churn; repeatable.")
    ] = None,
    demand_column: Annotated[
        list[str] | None, typer.Option(help="Column mapping of --demand-data, as date=day; repeatable.")
    ] = None,
    company: CompanyDir = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the console in a browser.")] = False,
) -> None:
    """Start the bot with a small real company inside: no account, key, cluster or docker."""
    embedded: dict[str, Any] = {"speed": speed, "seed": seed, "churn_data": churn_data, "demand_data": demand_data}
    embedded |= {"churn_columns": _pairs(churn_column), "demand_columns": _pairs(demand_column)}
    embedded = {k: v for k, v in embedded.items() if v not in (None, {})}
    settings = settings_with({"port": port, "data": data}, embedded, company)
    if speed is None and not _speed_is_chosen(settings):
        # Who reads a card shall not find the world an hour further.
        settings.embedded.calm_speed = 1.0
    if settings.company_dir is None and not BESIDE & {name.upper() for name in os.environ}:
        settings.embedded.staging, settings.environment = True, "production"
    if settings.host not in ("127.0.0.1", "localhost", "::1"):
        fail(
            f"The demo does not listen on {settings.host}: anyone could be anyone in it.\n"
            "Leave BIZAIOPS_HOST at 127.0.0.1, or start `bizaiops serve` with tokens.",
            code=2,
        )
    _run(settings, demo=True, browser=not no_browser)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port of the console and the API.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for everything.")] = None,
    company: CompanyDir = None,
    make_tokens: Annotated[
        bool, typer.Option("--make-tokens", help="Where none are set, make a token for each person: `bizaiops tokens`.")
    ] = False,
) -> None:
    """Start the bot as configured by BIZAIOPS_* variables: people sign in with their tokens, or talk in Slack or
    Teams; nobody can switch accounts.
    """
    settings = settings_with({"port": port, "data": data}, {}, company)
    if make_tokens and not settings.tokens:
        settings.tokens = _made(settings)
        typer.echo("Who signs in with what is told by `bizaiops tokens`, to those who may read the data folder.")
    if not (settings.tokens or settings.slack.on or settings.teams.on):
        fail(
            "bizaiops serve needs tokens, Slack or Teams: nobody could sign in.\n"
            'Set for example BIZAIOPS_TOKENS=\'{"lead": "a long random word"}\', have them made by --make-tokens, '
            "or start `bizaiops demo`.",
            code=2,
        )
    _run(settings, demo=False, browser=False)


@app.command()
def tokens(
    data: Annotated[Path | None, typer.Option(help="Folder for everything.")] = None,
    company: CompanyDir = None,
) -> None:
    """Tell the tokens that `bizaiops serve --make-tokens` has made."""
    settings = settings_with({"data": data}, {}, company)
    try:
        known = read_tokens(settings.data)
    except BotError as exc:
        fail(str(exc), code=1)
    if not known:
        fail(f"No tokens were made in {settings.data}.\nStart `bizaiops serve --make-tokens` first.", code=1)
    for person, token in known.items():
        typer.echo(f"{person}\t{token}")


def _made(settings: Settings) -> dict[str, SecretStr]:
    try:
        return made_tokens(settings.data, [person.id for person in settings.people])
    except BotError as exc:
        fail(str(exc), code=1)


def _speed_is_chosen(settings: Settings) -> bool:
    if {name.upper() for name in os.environ} & CHOSEN:
        return True
    written = {} if settings.company_dir is None else company_file(settings.company_dir).values.get("embedded", {})
    return bool({"speed", "calm_speed"} & {*written})


def _pairs(items: list[str] | None) -> dict[str, str]:
    pairs = [item.partition("=") for item in items or []]
    for name, sep, _ in pairs:
        if not sep:
            fail(f"{name!r} is not a mapping. Write for example label=Churn.", code=2)
    return {name: value for name, _, value in pairs}


def _run(settings: Settings, *, demo: bool, browser: bool) -> None:
    _quiet_logs(settings.data)

    telling: list[asyncio.Task[None]] = []

    def ready(bot: Bot, seconds: float) -> None:
        _greet(settings, bot, seconds, demo=demo, browser=browser)
        telling.append(asyncio.create_task(_tell_ports(bot, demo=demo)))

    typer.echo(_first_words(settings))

    async def live() -> NoReturn:
        await run(settings, demo=demo, ready=ready)
        typer.echo("Stopped. Everything is saved; the same command goes on from here.")
        sys.stdout.flush()
        # Threads of libraries may be busy for seconds; all is on disk, so nothing is worth waiting for.
        os._exit(0)

    try:
        asyncio.run(live())
    except BotError as exc:
        fail(str(exc), code=1)


def _first_words(settings: Settings) -> str:
    if not settings.embedded_ports():
        return "Starting ..."
    if (settings.data / "world").exists():
        return f"Going on from {settings.data} ..."
    return f"Starting: training the first models and telling {settings.embedded.history_days} days of past ..."


def _greet(settings: Settings, bot: Bot, seconds: float, *, demo: bool, browser: bool) -> None:
    address = f"http://{settings.host}:{settings.port}"
    for what, meaning in bot.told:
        typer.echo(f"  {what}: {meaning}")
    typer.echo(f"\nThe bot is ready after {seconds:.1f} s. Console: {address}   API: {address}/docs")
    if demo:
        typer.echo(f"World time is {_speed_words(settings.embedded)}.")
        typer.echo('Things to say, there or with `bizaiops say "..."`:')
        for words in THINGS_TO_SAY:
            typer.echo(f"  - {words.format(**_who(settings))}")
    typer.echo(f"Data: {settings.data}. Stop with Ctrl-C; nothing is lost.")
    if browser and sys.stdout.isatty() and os.environ.get("DISPLAY", os.environ.get("WAYLAND_DISPLAY")):
        typer.launch(address)


async def _tell_ports(bot: Bot, *, demo: bool) -> None:
    """What stands behind each port, when it has answered; the demo tells only of what does not."""
    for part, found in (await bot.checkup.look()).items():
        if not (demo and found.ok):
            typer.echo(line(part, found))


def _who(settings: Settings) -> dict[str, str]:
    """Somebody who asks for a change, and somebody else who approves it."""
    asks = next((p.id for p in settings.people if "engineer" in p.roles), settings.people[0].id)
    approves = next((p.id for p in settings.people if "approver" in p.roles and p.id != asks), "an approver")
    return {"asks": asks, "approves": approves}


def _speed_words(company: EmbeddedSettings) -> str:
    calm = company.calm_speed
    if calm is None or calm == company.speed:
        return f"{company.speed:g} times as fast as yours"
    slow = "as fast" if calm == 1 else f"{calm:g} times as fast"
    return f"{company.speed:g} times as fast while something happens, else {slow} as yours"


def _quiet_logs(folder: Path) -> None:
    """Details go to bot.log in the data folder; people see warnings of the bot only."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / "bot.log", maxBytes=10_000_000, backupCount=3, delay=True, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.Formatter.converter = time.gmtime
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.WARNING)
