"""`bizaiops slack`: what an administrator of Slack needs to install the app."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.surfaces.slack.manifest import as_yaml
from bizaiops_bot.surfaces.slack.manifest import link as creation_link
from bizaiops_bot.surfaces.slack.manifest import manifest as made_for

app = typer_app(no_args_is_help=True, help="Install the bot in Slack.")
Url = Annotated[
    str | None, typer.Option(help="Where Slack reaches the bot over HTTP: https://…; without it Socket Mode.")
]


@app.command()
def manifest(
    url: Url = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False
) -> None:
    """Print the app's manifest, to paste at api.slack.com/apps under "From a manifest"."""
    made = _manifest(url)
    typer.echo(json.dumps(made, indent=2) if as_json else as_yaml(made), nl=as_json)


@app.command()
def link(url: Url = None) -> None:
    """Print a link that opens Slack's page for a new app with the manifest filled in."""
    typer.echo(creation_link(_manifest(url)))


def _manifest(url: str | None) -> dict[str, Any]:
    try:
        return made_for(url)
    except BadInput as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc
