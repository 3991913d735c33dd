"""`bizaiops audit`: checks, exports and shows the audit, and forgets people. Works on a stopped bot, and beside one."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from bizaiops_bot.cli.data import DEFAULT_URL, settings_of
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.domain.errors import BadInput, BotError, NotFound
from bizaiops_bot.domain.records import AuditEntry
from bizaiops_bot.engine.audit import checking, pseudonyms, trail
from bizaiops_bot.engine.audit.chain import Row
from bizaiops_bot.engine.audit.export import Export
from bizaiops_bot.engine.audit.report import Report
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.settings import Settings

app = typer_app(no_args_is_help=True, help="The hash-chained audit log, also of a stopped bot.")

WRONG, USAGE = 1, 2
SHOWN_FROM = 20_000
"""Entries from which on a terminal shows how far the check is."""
DETAIL_SHOWN = 160

Data = Annotated[
    Path | None, typer.Option(help="Data folder of the bot [default: .data here, else that of the running demo].")
]
Url = Annotated[
    str | None, typer.Option(help=f"A running demo whose data is meant [default: {DEFAULT_URL}, if none is here].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("verify")
def audit_verify(
    data: Data = None,
    url: Url = None,
    file: Annotated[Path | None, typer.Option(help="An export of `audit export` instead of a bot's own log.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Id of one more key whose signatures count; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every entry, the chain and the signed heads; name every entry that was changed, removed or moved.

    Exit code 0: all is as it was written, 1: something is not, 2: there is nothing to check.
    """
    with _told():
        keys = checking.key_ids(key or ())
        if file is not None:
            began, export = time.perf_counter(), Export(file)
            report, counted = checking.check_file(export, keys, watch=_watch)
        else:
            settings = _settings(data, url)
            with _connected(settings) as (store, conn):
                began, alone = time.perf_counter(), not store.database.shared
                report = checking.check(conn, settings.data, keys, alone=alone, watch=_watch, key=settings.audit_key)
        seconds = time.perf_counter() - began
    if as_json:
        typer.echo(json.dumps(_summary(report, seconds), indent=2, ensure_ascii=False))
    else:
        lines = report.lines()
        if file is not None and not key and counted:
            lines.append(
                f"Note: the file itself says that the bot's key is {', '.join(counted)}. Compare, or give --key."
            )
        typer.echo("\n".join(map(_printable, lines)))
    raise typer.Exit(0 if report.whole else WRONG)


@app.command("export")
def audit_export(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
    data: Data = None,
    url: Url = None,
    without_people: Annotated[bool, typer.Option("--without-people", help="Leave out who the pseudonyms are.")] = False,
) -> None:
    """Write all entries and signed heads to a file that proves itself: `bizaiops audit verify --file FILE`."""
    settings = _settings(data, url)
    with _told(), _connected(settings) as (_, conn):
        count = checking.write_export(conn, settings.data, file, with_people=not without_people, key=settings.audit_key)
    people = "without people's names" if without_people else "with the people behind the pseudonyms"
    typer.echo(f"{count:,} entries are in {file}, {people}. Check them: bizaiops audit verify --file {file}")


@app.command("show")
def audit_show(
    data: Data = None,
    url: Url = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    subject: Annotated[str | None, typer.Option(help='What it is about, as "run 7".')] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it: a person's id, a pseudonym, rule:NAME.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of entry, such as request, plan, decision, step.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only from this time of the bot's clock on, as 2026-03-04T08:00; UTC.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print entries, newest first."""
    settings = _settings(data, url)
    with _told(), _connected(settings) as (_, conn):
        begin = _time(since)
        found = trail.read(conn, limit=limit, subject=subject, actor=actor, kind=kind, since=begin)
    if as_json:
        for entry in found:
            typer.echo(entry.model_dump_json())
    elif found:
        Console().print(_table(found))
    else:
        typer.echo("No entry fits.")


@app.command("forget")
def audit_forget(
    person: Annotated[str, typer.Argument(help="The person's id, as in the settings.")],
    data: Data = None,
    url: Url = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Delete a person from the map of pseudonyms, for good: entries stay, and nobody can tell whose they are."""
    settings = _settings(data, url)
    with _told(), _opened(settings) as store:
        known = asyncio.run(store.read(pseudonyms.names))
        if person not in known.values():
            raise NotFound("person in the audit named", person, known.values())
        if not yes and not typer.confirm(f"Forget who {person} is in the audit? This cannot be undone."):
            typer.echo("Nothing was changed.")
            raise typer.Exit(WRONG)
        now = datetime.now(UTC)
        pseudonym = asyncio.run(store.write(lambda conn: checking.forget(conn, person, now)))
        settled = pseudonyms.settle(store.database.engine)
    typer.echo(f"{pseudonym} now means nobody. The entries stay as they are, and the chain still holds.")
    if not settled:
        typer.echo("The bot is running: its file loses the last trace of the name when it stops.")
    if person in {someone.id for someone in settings.people}:
        typer.echo(f"{person} is still in BIZAIOPS_PEOPLE: with the next thing they do they get a new pseudonym.")


# -- the store ---------------------------------------------------------------------------------------------------------


def _settings(data: Path | None, url: str | None) -> Settings:
    with _told():
        return settings_of(data, url)


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    store = settings.store.open(settings.data)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _connected(settings: Settings) -> Iterator[tuple[Store, sa.Connection]]:
    """A connection that changes nothing and sees one state of the log; in this thread, so that Ctrl-C ends it."""
    with _opened(settings) as store, store.database.engine.connect().execution_options(reads=True) as conn:
        yield store, conn


@contextmanager
def _told() -> Iterator[None]:
    """Errors end the command in words, with exit code 2."""
    try:
        yield
    except BotError as exc:
        _fail(str(exc))
    except DBAPIError as exc:
        _fail(f"The database cannot be read: {str(exc.orig).strip()}.")


def _fail(message: str) -> NoReturn:
    typer.echo(_printable(message), err=True)
    raise typer.Exit(USAGE)


# -- words -------------------------------------------------------------------------------------------------------------


def _watch(rows: Iterable[Row], total: int) -> Iterable[Row]:
    """Shows on a terminal how far the check of a long log is."""
    if total < SHOWN_FROM or not sys.stderr.isatty():
        return rows
    return track(rows, "Checking", total=total, console=Console(stderr=True), transient=True)


def _summary(report: Report, seconds: float) -> dict[str, Any]:
    head = report.attested
    return {
        "whole": report.whole,
        "entries": report.entries,
        "last": report.last,
        "problems": report.problems,
        "more_problems": report.more,
        "attested": head and {"seq": head.seq, "hash": head.hash, "at": head.at, "key": head.key_id},
        "notes": report.notes,
        "seconds": round(seconds, 3),
        "entries_per_s": round(report.entries / seconds) if seconds else 0,
    }


def _table(entries: list[AuditEntry]) -> Table:
    table = Table("", "When (UTC)", "Who", "What", "About", "Detail", box=None, header_style="bold", pad_edge=False)
    for entry in entries:
        detail = ", ".join(f"{name}: {_short(value)}" for name, value in entry.detail.items())
        when = f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        cells = (str(entry.seq), when, entry.actor, entry.kind, entry.subject, _cut(detail))
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    return table


def _cut(text: str) -> str:
    return text if len(text) <= DETAIL_SHOWN else f"{text[: DETAIL_SHOWN - 1]}…"


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _printable(text: str) -> str:
    """Words from outside must not move the cursor of a terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else repr(c)[1:-1] for c in text)


def _time(text: str | None) -> datetime | None:
    """UTC unless it says otherwise. Raises BadInput."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadInput(f"{text!r} is no time.", do="Write for example --since 2026-03-04T08:00.") from exc
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
