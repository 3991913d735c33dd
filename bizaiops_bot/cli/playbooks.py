"""`bizaiops playbooks`: for those who write them. Finds code that a restart breaks, records runs, replays them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bizaiops_bot.cli.data import settings_of
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.execution.replay import Replayed, ReplayMismatch, replay
from bizaiops_bot.engine.lint.lint import lint
from bizaiops_bot.engine.runs.history import History
from bizaiops_bot.engine.runs.playbooks import Playbooks

app = typer_app(no_args_is_help=True, help="For authors of playbooks: lint them, record runs, replay the records.")

FOUND, USAGE = 1, 2


@app.command("lint")
def playbooks_lint(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders [default: the bot's own].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Find playbook code that a restart would not carry out the same way. Reads files, runs nothing.

    Exit code 1: something is found, 2: a path is not there.
    """
    try:
        findings = lint(paths or [content_folder("playbooks")])
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(str(finding))
        count = len(findings)
        typer.echo("Nothing found." if not count else f"{count} {'place' if count == 1 else 'places'} to look at.")
    raise typer.Exit(FOUND if findings else 0)


@app.command("history")
def playbooks_history(
    number: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run, as in `show run 7`.")],
    data: Annotated[Path | None, typer.Option(help="Data folder of the bot.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, it is printed.")] = None,
) -> None:
    """Record what a run read and did, for `replay` and for tests. Changes nothing; the bot may be running.

    Secrets of the run's inputs and results are in the file: look before you share it.
    """
    try:
        history = asyncio.run(_recorded(number, data))
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    if out is None:
        typer.echo(history.text(), nl=False)
        return
    try:
        out.write_text(history.text(), encoding="utf-8")
    except OSError as exc:
        _fail(f"{str(out)!r} cannot be written: {exc.strerror}.", code=USAGE)
    how = history.status if history.ended else "not ended yet"
    typer.echo(f"Run {number} ({history.playbook}, {how}): {len(history.entries)} results are in {out}.")


@app.command("replay")
def playbooks_replay(
    file: Annotated[Path, typer.Argument(help="A file of `playbooks history`.")],
    folder: Annotated[Path | None, typer.Option(help="Folder of playbooks [default: the bot's own].")] = None,
) -> None:
    """Carry a playbook out along the record of a run, without the world: would a run under way still find its way?

    Exit code 1: it would not, and where it leaves the record; 2: the file cannot be used.
    """
    try:
        history = History.load(file)
        playbook = Playbooks.load(folder or content_folder("playbooks")).get(history.playbook)
        found = asyncio.run(replay(playbook, history))
    except ReplayMismatch as exc:
        _fail(str(exc), code=FOUND)
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    typer.echo(_told(history, found))


async def _recorded(number: int, data: Path | None) -> History:
    """Raises NotFound for an unknown run, BadInput when there is no bot's data."""
    settings = settings_of(data)
    store = settings.store.open(settings.data)
    try:
        return await store.read(lambda conn: History.of_run(conn, number, time_zone=settings.time_zone))
    finally:
        store.close()


def _told(history: History, found: Replayed) -> str:
    how = "is still under way there" if found.status == "under way" else f"ends as {found.status}"
    error = f": {found.error}" if found.error else "."
    return f"{history.playbook} follows run {history.number} over {len(found.steps)} steps and {how}{error}"


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
