"""A group of commands whose modules are imported when they are called: `bizaiops say` does not wait for the router."""

from __future__ import annotations

from importlib import import_module
from textwrap import shorten
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


class Place(NamedTuple):
    """Where a command is, and the line that tells of it: the first sentence of its own help."""

    module: str
    help: str


COMMANDS = {
    "demo": Place("start", "Start the bot with a small real company inside: no account, key, cluster or docker."),
    "serve": Place(
        "start",
        "Start the bot as configured by BIZAIOPS_* variables: people sign in with their tokens, or talk in Slack or "
        "Teams; nobody can switch accounts.",
    ),
    "say": Place("say", "Say something to the running bot and print its answer."),
    "chat": Place("say", "A conversation in the terminal: the same cards, buttons by number, /as PERSON to switch."),
    "tokens": Place("start", "Tell the tokens that `bizaiops serve --make-tokens` has made."),
    "doctor": Place("doctor", "Which adapter serves each port, does it answer, and what to do when not."),
    "route": Place(
        "route", "Show how a sentence is understood, stage by stage, with scores. Starts nothing and needs no bot."
    ),
    "eval": Place("eval", "Measure how well the router understands, without a running bot."),
    "audit": Place("audit", "The hash-chained audit log, also of a stopped bot."),
    "policy": Place("policy", "Who may do what, and which rule says so; needs no running bot."),
    "company": Place("company", "A company in files: begin one, check it, show what holds."),
    "playbooks": Place("playbooks", "For authors of playbooks: lint them, record runs, replay the records."),
    "intents": Place("intents", "For authors of intents: lint them, see what is confused, list and show them."),
    "slack": Place("slack", "Install the bot in Slack."),
    "teams": Place("teams", "Bring the bot into Microsoft Teams; needs no running bot."),
}


def typer_app(**given: Any) -> typer.Typer:
    """A group of commands as all of ours are: help in plain text, no completion, tracebacks as Python writes them."""
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **given)


def app_of(name: str) -> typer.Typer:
    """The commands of the module that has the command `name`."""
    app: typer.Typer = import_module(f"bizaiops_bot.cli.{COMMANDS[name].module}").app
    return app


class LazyGroup(TyperGroup):
    """The commands of COMMANDS."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        # Typer looks here for what a slip may have meant; what is called comes from get_command.
        self.commands.update({name: TyperCommand(name, help=place.help) for name, place in COMMANDS.items()})

    # The types of these three are private in typer.
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        made = get_command(app_of(cmd_name))
        # A module with several commands of the first level has them in one group.
        inner = made.commands if isinstance(made, TyperGroup) else {}
        return inner.get(cmd_name, made)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        width = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, shorten(place.help, width, placeholder="...")) for name, place in COMMANDS.items()]
            )
