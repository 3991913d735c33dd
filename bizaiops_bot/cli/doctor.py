"""`bizaiops doctor`: which adapter serves each port, and does it answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bizaiops_bot.app.doctor import examine
from bizaiops_bot.cli.data import DEFAULT_URL
from bizaiops_bot.cli.given import CompanyDir, settings_with
from bizaiops_bot.cli.lazy import typer_app

app = typer_app()
Url = Annotated[str, typer.Option(help="Where the bot is.")]


@app.command()
def doctor(
    data: Annotated[Path | None, typer.Option(help="Data folder of the bot.")] = None,
    url: Url = DEFAULT_URL,
    company: CompanyDir = None,
) -> None:
    """Which adapter serves each port, does it answer, and what to do when not."""
    raise typer.Exit(asyncio.run(examine(settings_with({"data": data}, {}, company), url)))
