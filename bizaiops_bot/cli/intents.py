"""`bizaiops intents`: for those who write them. Lints the files, tells what is confused with what, shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bizaiops_bot.cli.lazy import typer_app
from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BotError, NotFound
from bizaiops_bot.evaluation.company import specs
from bizaiops_bot.evaluation.confusion import Confusion, confusion
from bizaiops_bot.evaluation.intent_lint import lint
from bizaiops_bot.router.intents import Intent, load_intents

app = typer_app(
    no_args_is_help=True, help="For authors of intents: lint them, see what is confused, list and show them."
)

FOUND, USAGE = 1, 2
Folder = Annotated[Path | None, typer.Argument(help="Folder of intent files [default: the bot's own].")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("lint")
def intents_lint(
    folder: Folder = None,
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="Read the files only; do not learn and hear them.")] = False,
) -> None:
    """Find what is wrong in intent files, with file and line; learns them and hears their own sentences.

    Exit code 0: no error (there may be warnings), 1: errors, 2: there are no intent files.
    """
    try:
        findings = lint(folder or content_folder("intents"), specs(), hear=not quick)
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(str(finding))
        typer.echo(f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}.")
    raise typer.Exit(FOUND if errors else 0)


@app.command("confusion")
def intents_confusion(
    folder: Folder = None,
    as_json: AsJson = False,
    top: Annotated[int, typer.Option(help="How many pairs to show.", min=1)] = 15,
    folds: Annotated[int, typer.Option(help="In how many parts the groups are held out.", min=2, max=10)] = 5,
) -> None:
    """Tell which intents are taken for which others, with the sentences.

    Examples that say the same in nearly the same words are held out together: learned without them, heard with them,
    part by part. Takes a minute or two. Exit code 2: the files cannot be learned; `lint` tells why.
    """
    intents = _loaded(folder)
    try:
        found = confusion(intents, list(specs()), folds)
    except ValueError as exc:
        _fail(str(exc), code=USAGE)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _print_confusion(found, top)


@app.command("list")
def intents_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the intents: what each is for, its playbook, risk, short names and number of examples."""
    intents = _loaded(folder)
    if as_json:
        rows = [intent.model_dump(include={"name", "title", "playbook", "risk", "aliases"}) for intent in intents]
        typer.echo(json.dumps(rows, indent=2))
        return
    for intent in intents:
        short = f"   /mlops {' | '.join(intent.aliases)}" if intent.aliases else ""
        typer.echo(f"{intent.name:20} {intent.risk:8} {len(intent.examples):3} examples   {intent.title}{short}")


@app.command("show")
def intents_show(
    name: Annotated[str, typer.Argument(help="Name of the intent, as `list` has it.")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show one intent: help, wordings, examples, look-alikes."""
    intents = {intent.name: intent for intent in _loaded(folder)}
    if name not in intents:
        _fail(str(NotFound("intent", name, intents)), code=USAGE)
    intent = intents[name]
    typer.echo(intent.model_dump_json(indent=2, exclude_defaults=True) if as_json else _told(intent))


def _told(intent: Intent) -> str:
    blocks = [f"{intent.name}: {intent.title} ({intent.risk})", intent.help or intent.refuse]
    lists = (
        ("Short names:", [", ".join(intent.aliases)] if intent.aliases else []),
        ("Exact wordings:", list(intent.formats)),
        (f"Examples ({len(intent.examples)}):", list(intent.examples)),
        ("Sounds alike, but is:", [f"{phrase}  ->  {other}" for phrase, other in intent.must_not.items()]),
    )
    blocks += ["\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in lists if lines]
    return "\n".join(blocks)


def _print_confusion(found: Confusion, top: int) -> None:
    console = Console()
    intents = Table("Intent", "Examples", "Groups", "Right", title="Worst first")
    for score in found.intents:
        intents.add_row(score.intent, str(score.examples), str(score.groups), f"{score.accuracy:.0%}")
    console.print(intents)
    pairs = Table("Intent", "Taken for", "Times", "Sentences", title="Most confused")
    for pair in found.pairs[:top]:
        pairs.add_row(pair.intent, pair.taken_for, str(pair.count), "\n".join(pair.sentences))
    console.print(pairs)
    console.print(
        f"{found.accuracy:.1%} of {found.examples} examples ({found.groups} groups, {found.folds} parts) are heard "
        "right by a router that never saw their paraphrases.",
        soft_wrap=True,
    )


def _loaded(folder: Path | None) -> list[Intent]:
    try:
        intents = load_intents(folder or content_folder("intents"))
    except BotError as exc:
        _fail(str(exc), code=USAGE)
    if not intents:
        _fail(f"There are no intent files in {str(folder)!r}.", code=USAGE)
    return intents


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _fail(message: str, *, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
