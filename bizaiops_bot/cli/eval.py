"""`bizaiops eval`: how well the router understands, on our own set, on any labelled set, and what people said of it."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bizaiops_bot.cli.data import settings_of
from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput, BotError
from bizaiops_bot.engine.runs.playbooks import Playbooks
from bizaiops_bot.evaluation import choice, domain, public, review_talk
from bizaiops_bot.evaluation.choice import ChoiceReport
from bizaiops_bot.evaluation.labelled import read_rows, read_tool_cases
from bizaiops_bot.evaluation.public import PublicReport, Sets
from bizaiops_bot.evaluation.review import Review
from bizaiops_bot.router.encoder import Encoder

app = typer_app()
WORSE, USAGE = 1, 2
OWN_SET = Path("tests/eval")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("eval")
def evaluate(
    own: Annotated[Path, typer.Option("--set", help="Folder of the bot's own set, as a clone has it.")] = OWN_SET,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Make what is measured the baseline of --set.")
    ] = False,
    train: Annotated[
        Path | None, typer.Option(help='Labelled sentences to learn, a line {"text", "intent"}; `oos` is out of scope.')
    ] = None,
    validation: Annotated[Path | None, typer.Option(help="Sentences to choose thresholds on.")] = None,
    test: Annotated[Path | None, typer.Option(help="Sentences to measure on, with --train.")] = None,
    shots: Annotated[int | None, typer.Option(min=1, help="Learn only so many sentences of each intent.")] = None,
    draws: Annotated[int, typer.Option(min=1, help="Draw them so often, and tell mean and spread.")] = 1,
    tools: Annotated[
        Path | None, typer.Option(help='Requests with tools to choose from, a line {"text", "tools", "expected"}.')
    ] = None,
    review: Annotated[bool, typer.Option("--review", help="Go through what people said of the answers.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help="With --review: add an example to an intent, as 7=show_kpis; repeatable.")
    ] = None,
    drop: Annotated[list[int] | None, typer.Option(help="With --review: drop an example; repeatable.")] = None,
    intents: Annotated[Path | None, typer.Option(help="With --review: the folder of intents to add to.")] = None,
    data: Annotated[Path | None, typer.Option(help="With --review: data folder of the bot [default: .data].")] = None,
    as_json: Json = False,
) -> None:
    """Measure how well the router understands, without a running bot.

    Alone: the bot's own set, against its baseline. With --train and --test: the local stages on those sentences. With
    --tools: choosing a tool without examples. Exit code 0: measured, 1: worse than the baseline, 2: cannot be measured.
    """
    with _told():
        if review or accept or drop:
            asyncio.run(_review(data, intents, accept or [], drop or [], as_json=as_json))
        elif tools is not None:
            _print_choice(_choose(tools), as_json=as_json)
        elif train is not None or test is not None:
            _print_public(_public(_sets(train, validation, test), shots, draws), as_json=as_json)
        elif validation is not None or shots is not None:
            raise BadInput("--validation and --shots go with --train and --test.")
        else:
            _own(own, update=update_baseline, as_json=as_json)


def _own(folder: Path, *, update: bool, as_json: bool) -> None:
    if not folder.is_dir():
        raise BadInput(f"There is no folder {str(folder)!r}.", do="Run it in a clone of the bot, or give --set FOLDER.")
    baseline = None if update else domain.load_baseline(folder)
    _progress("hearing the bot's own set; about ten seconds")
    report = domain.measure(folder)
    if update:
        domain.save_baseline(report, folder)
    worse = [] if baseline is None else domain.failures(report, baseline)
    if as_json:
        typer.echo(json.dumps({**report.model_dump(mode="json"), "failures": worse}, indent=2, ensure_ascii=False))
    else:
        typer.echo(domain.render(report))
        for line in worse:
            typer.echo(f"WORSE: {line}")
    if worse:
        raise typer.Exit(WORSE)


def _sets(train: Path | None, validation: Path | None, test: Path | None) -> Sets:
    if train is None or test is None:
        raise BadInput("--train and --test go together.")
    return Sets(read_rows(train), read_rows(validation) if validation else [], read_rows(test))


def _public(sets: Sets, shots: int | None, draws: int) -> list[PublicReport]:
    encoder = Encoder()
    _progress(
        f"learning from {len(sets.train):,} sentences, then hearing {len(sets.test):,}; up to a minute each 10,000"
    )
    if shots is None:
        return [public.measure(sets, encoder)]
    found = []
    for seed in range(draws):
        _progress(f"draw {seed + 1} of {draws}")
        drawn = public.Sets(public.few(sets.train, shots, seed), sets.validation, sets.test)
        found.append(public.measure(drawn, encoder))
    return found


def _choose(path: Path) -> ChoiceReport:
    return choice.measure(read_tool_cases(path), Encoder())


def _print_public(reports: Sequence[PublicReport], *, as_json: bool) -> None:
    mean, spread = _summary([report.model_dump() for report in reports])
    if as_json:
        more = {"draws": len(reports), "spread": spread} if len(reports) > 1 else {}
        typer.echo(json.dumps({**mean, **more}, indent=2))
        return
    _table(mean, spread if len(reports) > 1 else {}, f"{len(reports)} draws" if len(reports) > 1 else "")


def _print_choice(report: ChoiceReport, *, as_json: bool) -> None:
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    _table(report.model_dump(), {}, "")


def _summary(rows: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, float]]:
    """Mean and standard deviation of each number over the rows; None where a row has none."""
    mean, spread = {}, {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        known = None not in values
        mean[name] = round(statistics.fmean(values), 4) if known and len(rows) > 1 else values[0]
        if known and len(rows) > 1:
            spread[name] = round(statistics.stdev(values), 4)
    return mean, spread


def _table(values: dict[str, Any], spread: dict[str, float], caption: str) -> None:
    table = Table("measure", "value", *(["±"] if spread else []), caption=caption or None)
    for name, value in values.items():
        shown = "-" if value is None else f"{value:,}"
        table.add_row(name.replace("_", " "), shown, *([f"{spread.get(name, 0):g}"] if spread else []))
    Console().print(table)


async def _review(
    data: Path | None, intents: Path | None, accept: Sequence[str], drop: Sequence[int], *, as_json: bool
) -> None:
    settings = settings_of(data)
    specs = [playbook.spec() for playbook in Playbooks.load(content_folder("playbooks"))]
    store = settings.store.open(settings.data)
    try:
        kept = Review(store, intents or content_folder("intents"), specs)
        await review_talk.command(kept, accept=accept, drop=drop, json_=as_json, show=typer.echo)
    finally:
        await store.aclose()


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        typer.echo(what, err=True)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BotError as exc:
        _fail(str(exc))
    except OSError as exc:
        _fail(f"{exc.filename or 'A file'} cannot be used: {exc.strerror}.")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(USAGE)
