"""`bizaiops teams`: what is needed to bring the bot into Microsoft Teams."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.settings import load_settings
from bizaiops_bot.surfaces.teams.package import AppPackage, package

app = typer_app(no_args_is_help=True, help="Bring the bot into Microsoft Teams; needs no running bot.")

FAILED, USAGE = 1, 2


@app.callback()
def _teams() -> None:
    """Bring the bot into Microsoft Teams; needs no running bot."""


@app.command("package")
def teams_package(
    url: Annotated[str, typer.Option(help="Where Teams reaches the bot, as https://bot.example.com.")],
    out: Annotated[Path, typer.Option(help="The zip to write; one that is there is replaced.")] = Path("teams-app.zip"),
    client_id: Annotated[
        str | None,
        typer.Option(
            help="The bot's application (client) id; left out: BIZAIOPS_TEAMS__CLIENT_ID.", show_default=False
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What people call it in Teams, at most 30 characters.")] = "BizAIOps",
    developer: Annotated[str, typer.Option(help="Who runs it, as the app's page shows.")] = "BizAIOps",
    app_version: Annotated[
        str, typer.Option(help="Of the package: Teams takes an update only with another one.")
    ] = "1.0.0",
) -> None:
    """Write the app package that an administrator uploads to Teams.

    Exit code 0: written, 1: the file cannot be written, 2: Teams would refuse what is given.
    """
    app = AppPackage(client_id or _known_client_id(), url, name, developer, app_version)
    try:
        content, endpoint = package(app, content_folder("teams")), app.messages_url
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    try:
        out.write_bytes(content)
    except OSError as exc:
        _fail(f"{str(out)!r} cannot be written: {exc}. Give another --out.", code=FAILED)
    typer.echo(f"Written: {out} ({len(content):,} bytes).")
    typer.echo(f"Messaging endpoint for the Azure bot: {endpoint}")
    typer.echo("Upload it in the Teams admin center: Teams apps, Manage apps, Upload new app.")


def _known_client_id() -> str:
    """Of the settings; ends with exit code 2 when they have none."""
    try:
        known = load_settings().teams.client_id
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    if known is None:
        _fail(
            "The client id is missing. Teams has to know which bot the app speaks for. "
            "Give --client-id, or set BIZAIOPS_TEAMS__CLIENT_ID.",
            code=USAGE,
        )
    return known


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
