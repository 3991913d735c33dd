"""The command line: demo, serve, say, chat, doctor, audit.

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 no bot, 4 timeout.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from bizaiops_bot.cli_audit import audit_app
from bizaiops_bot.cli_data import DEFAULT_URL
from bizaiops_bot.cli_eval import evaluate
from bizaiops_bot.cli_intents import intents_app
from bizaiops_bot.cli_playbooks import playbooks_app
from bizaiops_bot.cli_policy import policy_app
from bizaiops_bot.cli_route import route
from bizaiops_bot.cli_slack import slack_app
from bizaiops_bot.cli_teams import teams_app
from bizaiops_bot.domain.errors import BadInput, BotError
from bizaiops_bot.surfaces.plain_signs import never_fail_to_write

if TYPE_CHECKING:
    from bizaiops_bot.adapters.embedded.settings import EmbeddedSettings
    from bizaiops_bot.bootstrap import Bot
    from bizaiops_bot.settings import Settings
    from bizaiops_bot.surfaces.client import Client

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="BizAIOps: runs a company's machine-learning models from its chat.",
)
app.command()(route)
app.command("eval")(evaluate)
app.add_typer(audit_app, name="audit")
app.add_typer(policy_app, name="policy")
app.add_typer(playbooks_app, name="playbooks")
app.add_typer(intents_app, name="intents")
app.add_typer(slack_app, name="slack")
app.add_typer(teams_app, name="teams")

Url = Annotated[str, typer.Option(help="Where the bot is.")]
As = Annotated[str, typer.Option("--as", help="Who speaks: engineer, lead, analyst or sre in the demo.")]
Conversation = Annotated[str, typer.Option(help="Which conversation.")]
TokenFile = Annotated[Path | None, typer.Option(help="File with your token, for a bot that was started with `serve`.")]
CALM = "BIZAIOPS_COMPANY__CALM_SPEED"
THINGS_TO_SAY = (
    "what models do we have?",
    "deploy churn v2 as a 10% canary   (as engineer; then switch to lead and approve)",
    "status churn",
    "inject covariate drift into churn   (and watch the alert come)",
    "how did churn do this week?",
)


def main() -> None:
    """The program `bizaiops`."""
    never_fail_to_write()
    _warnings_to_the_log()
    app()


def _warnings_to_the_log() -> None:
    """Libraries warn programmers; a person at the terminal can do nothing about it. They are in bot.log.

    A filter would not do: libraries put filters back that were there before, also from other threads.
    """
    if not sys.warnoptions:
        logging.captureWarnings(True)


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
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the console in a browser.")] = False,
) -> None:
    """Start the bot with a small real company inside: no account, key, cluster or docker."""
    company: dict[str, Any] = {"speed": speed, "seed": seed, "churn_data": churn_data, "demand_data": demand_data}
    company |= {"churn_columns": _pairs(churn_column), "demand_columns": _pairs(demand_column)}
    settings = _settings({"port": port, "data": data}, {k: v for k, v in company.items() if v not in (None, {})})
    chosen = {name.upper() for name in os.environ} & {"BIZAIOPS_COMPANY", "BIZAIOPS_COMPANY__SPEED", CALM}
    if speed is None and not chosen:
        # Who reads a card shall not find the world an hour further.
        settings.company.calm_speed = 1.0
    if settings.host not in ("127.0.0.1", "localhost", "::1"):
        _fail(
            f"The demo does not listen on {settings.host}: anyone could be anyone in it.\n"
            "Leave BIZAIOPS_HOST at 127.0.0.1, or start `bizaiops serve` with tokens.",
            code=2,
        )
    _run(settings, demo=True, browser=not no_browser)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port of the console and the API.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for everything.")] = None,
) -> None:
    """Start the bot as configured by BIZAIOPS_* variables: people sign in with their tokens, or talk in Slack or
    Teams; nobody can switch accounts.
    """
    settings = _settings({"port": port, "data": data}, {})
    if not (settings.tokens or settings.slack.on or settings.teams.on):
        _fail(
            "bizaiops serve needs tokens, Slack or Teams: nobody could sign in.\n"
            'Set for example BIZAIOPS_TOKENS=\'{"lead": "a long random word"}\', or start `bizaiops demo`.',
            code=2,
        )
    _run(settings, demo=False, browser=False)


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
    from bizaiops_bot.surfaces import terminal

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
    from bizaiops_bot.surfaces import terminal

    with _client(url, token_file) as client:
        code = terminal.chat(url, as_, conversation, client=client)
    raise typer.Exit(code)


@contextmanager
def _client(url: str, token_file: Path | None) -> Iterator[Client]:
    from bizaiops_bot.surfaces.client import Client
    from bizaiops_bot.surfaces.token_file import read_token

    try:
        client = Client(url, token=read_token(token_file))
    except BadInput as exc:
        _fail(str(exc), code=2)
    try:
        yield client
    finally:
        client.close()


@app.command()
def doctor(
    data: Annotated[Path | None, typer.Option(help="Data folder of the bot.")] = None, url: Url = DEFAULT_URL
) -> None:
    """Which adapter serves each port, does it answer, and what to do when not."""
    from bizaiops_bot.doctor import examine

    raise typer.Exit(asyncio.run(examine(_settings({"data": data}, {}), url)))


def _settings(top: dict[str, Any], company: dict[str, Any]) -> Settings:
    """Settings from the environment, with the command line's on top; ends with exit code 2 when one is unusable."""
    from bizaiops_bot.settings import Settings, load_settings, unusable

    try:
        settings = load_settings()
        given = {k: v for k, v in top.items() if v is not None}
        embedded = {**settings.company.model_dump(), **company}
        return Settings.model_validate({**settings.model_dump(), **given, "company": embedded})
    except ValidationError as exc:
        _fail(str(unusable(exc, lambda path: f"--{path[-1].replace('_', '-')}")), code=2)
    except BotError as exc:
        _fail(str(exc), code=2)


def _pairs(items: list[str] | None) -> dict[str, str]:
    pairs = [item.partition("=") for item in items or []]
    for name, sep, _ in pairs:
        if not sep:
            _fail(f"{name!r} is not a mapping. Write for example label=Churn.", code=2)
    return {name: value for name, _, value in pairs}


def _run(settings: Settings, *, demo: bool, browser: bool) -> None:
    from bizaiops_bot.serve import run

    _quiet_logs(settings.data)

    def ready(bot: Bot, seconds: float) -> None:
        _greet(settings, bot, seconds, demo=demo, browser=browser)

    begun = (settings.data / "world").exists()
    first = f"Starting: training the first models and telling {settings.company.history_days} days of past ..."
    typer.echo(f"Going on from {settings.data} ..." if begun else first)

    async def live() -> NoReturn:
        await run(settings, demo=demo, ready=ready)
        typer.echo("Stopped. Everything is saved; the same command goes on from here.")
        sys.stdout.flush()
        # Threads of libraries may be busy for seconds; all is on disk, so nothing is worth waiting for.
        os._exit(0)

    try:
        asyncio.run(live())
    except BotError as exc:
        _fail(str(exc), code=1)


def _greet(settings: Settings, bot: Bot, seconds: float, *, demo: bool, browser: bool) -> None:
    address = f"http://{settings.host}:{settings.port}"
    for what, meaning in bot.company.mapping:
        typer.echo(f"  {what}: {meaning}")
    typer.echo(f"\nThe bot is ready after {seconds:.1f} s. Console: {address}   API: {address}/docs")
    if demo:
        typer.echo(f"World time is {_speed_words(settings.company)}.")
        typer.echo('Things to say, there or with `bizaiops say "..."`:')
        for words in THINGS_TO_SAY:
            typer.echo(f"  - {words}")
    typer.echo(f"Data: {settings.data}. Stop with Ctrl-C; nothing is lost.")
    if browser and sys.stdout.isatty() and os.environ.get("DISPLAY", os.environ.get("WAYLAND_DISPLAY")):
        typer.launch(address)


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


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
