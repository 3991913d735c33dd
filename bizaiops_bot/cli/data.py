"""Which bot's data a command reads: the folder that was named, the one here, else that of the demo that is running."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import typer

from bizaiops_bot.domain.errors import BadInput, BotError
from bizaiops_bot.settings import Settings, load_settings
from bizaiops_bot.surfaces.client import Client

DEFAULT_URL = "http://127.0.0.1:8642"


def settings_of(data: Path | None, url: str | None = None) -> Settings:
    """Settings whose data folder holds a bot's data. What was found elsewhere is told on standard error.

    url: a running demo that is asked for its folder. Raises BadInput, with what to do, when there is no data.
    """
    settings = load_settings()
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    if (url is None and settings.store.exists(settings.data)) or settings.store.kind != "sqlite":
        return settings
    found, why = ("", "") if data is not None or "BIZAIOPS_DATA" in os.environ else _of_a_running_bot(url)
    if not found:
        raise BadInput(
            f"There is no bot's data in {str(settings.data.absolute())!r}.",
            why,
            'Give the folder that the bot names at its start ("Data: ..."): --data DIR',
        )
    # Under a locale that is not UTF-8, a path has its own way to write what the locale has not.
    there = settings.model_copy(update={"data": Path(os.fsdecode(found.encode()))})
    if not there.store.exists(there.data):
        raise BadInput(f"The bot at {url or DEFAULT_URL} keeps its data in {found!r}, which is not on this machine.")
    typer.echo(f"Reading {found}, the data of the bot at {url or DEFAULT_URL}.", err=True)
    return there


def _of_a_running_bot(url: str | None) -> tuple[str, str]:
    """(its folder, why that is not known)."""
    try:
        with closing(Client(url or DEFAULT_URL)) as client:
            return client.data_folder(), f"The bot at {client.base_url} does not say where it keeps its own."
    except BotError as exc:
        return "", exc.what
