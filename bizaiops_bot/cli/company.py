"""`bizaiops company`: a company in files, begun, checked and shown; needs no running bot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from bizaiops_bot import company_files
from bizaiops_bot.app.company import mistakes_in, what_holds
from bizaiops_bot.cli.given import fail
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.company_files.folder import FILE
from bizaiops_bot.domain.errors import BotError

app = typer_app(no_args_is_help=True, help="A company in files: begin one, check it, show what holds.")
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The company's folder.", show_default=False)]
WRONG = 1
TEMPLATE = Path(next(iter(company_files.__path__))) / "template"


@app.command("check")
def check(folder: Folder) -> None:
    """Name every mistake in the folder with its file and line; secrets have to be where the files say.

    Exit code 0: a bot can start with it, 1: it cannot.
    """
    mistakes = mistakes_in(folder)
    for mistake in mistakes:
        typer.echo(mistake, err=True)
    if mistakes:
        raise typer.Exit(WRONG)
    typer.echo(f"{folder} is right. Start with it: bizaiops demo --company {folder}")


@app.command("show")
def show(folder: Folder) -> None:
    """Show what holds, and where each value comes from: file and line, a variable, or a default. Secrets are hidden.

    Exit code 1: the folder cannot be used.
    """
    try:
        lines = list(what_holds(folder))
    except BotError as exc:
        fail(str(exc), code=WRONG)
    wide = max(len(line.name) for line in lines)
    far = min(48, max(len(line.value) for line in lines))
    for line in lines:
        typer.echo(f"{line.name:<{wide}}  {line.value:<{far}}  {line.origin}")


@app.command("init")
def init(folder: Folder) -> None:
    """Write a folder to begin with: the demo's company, with a comment on every part.

    Exit code 1: there is one already, or it cannot be written.
    """
    if (folder / FILE).exists():
        fail(f"There is a company in {folder} already; nothing was written.", code=WRONG)
    try:
        shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True)
    except OSError as exc:
        fail(f"{folder} cannot be written: {exc}.", code=WRONG)
    typer.echo(f"{folder} is written. Check it: bizaiops company check {folder}")
