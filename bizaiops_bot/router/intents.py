"""Intents as people write them: one YAML file a kind of request, checked strictly, errors with file and line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.yaml_loader import LOADER

NONE = "none"
MIN_EXAMPLES = 20
_ALIAS = re.compile(r"[a-z][a-z-]*(?: [a-z][a-z-]*){0,2}")
# libyaml reads the files ten times faster; the pure one is there where it is not.


class IntentFileError(BadInput):
    """An intent file that cannot be used; the message begins with file:line."""


class SlotHint(BaseModel):
    """How a slot is asked for and read.

    ask: the question when it is missing. not_after: words that make the value behind them another one ("from v2").
    ignore: named versions (latest, previous, stable) that mean something else here ("to production").
    instead: the intent to offer when "it" has no such number but one for that intent ("stop it": a run).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask: str = ""
    not_after: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    instead: str = ""


class Intent(BaseModel):
    """One kind of request: the words for it and the playbook it stands for.

    risk: of acting on a wrong guess; "none" marks what the bot does not do, with `refuse` as its reason.
    formats: exact wordings, `{slot}` a value, `[...]` optional, `(a|b)` either; the first one is how the bot says
    it itself.
    aliases: short names, said alone or with values behind: `kpis` is `/mlops kpis` and "kpis churn last week".
    examples: ways to say it, values as `{slot}`. must_not: phrases that look alike -> the intent they are, or "none".
    cues: beginnings of words, one of which must be said before the bot acts on a guess; required when acting has
    effects.
    about: beginnings of words for what it is done to, one of which must be said as well ("hand my tickets to sam" is
    about no approvals).
    against: beginnings of words that speak against it ("no go" is no approval); then the bot asks.
    asked: of what changes something, the intent that tells how that stands, for who only asks about it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    playbook: str = ""
    risk: Literal["read", "control", "change", "none"]
    help: str = ""
    refuse: str = ""
    formats: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = Field(min_length=MIN_EXAMPLES)
    must_not: dict[str, str] = Field(default_factory=dict)
    cues: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    asked: str = ""
    slots: dict[str, SlotHint] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.risk == "none":
            if self.playbook or not self.refuse:
                raise ValueError("what the bot does not do has `refuse` and no `playbook`")
        elif not (self.playbook and self.formats and self.help):
            raise ValueError("`playbook`, `formats` and `help` are required")
        elif self.risk != "read" and not self.cues:
            raise ValueError("`cues` are required for what has effects")
        doubled = {text for text in self.examples if self.examples.count(text) > 1}
        if doubled:
            raise ValueError(f"examples given twice: {sorted(doubled)}")
        return self

    @field_validator("aliases")
    @classmethod
    def _short_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _ALIAS.fullmatch(name):
                raise ValueError(f"{name!r} is not one to three words in lower case")
        return names


def load_intents(folder: Path) -> list[Intent]:
    """Every *.yaml under `folder`, by name. Raises IntentFileError for the first file that is not right."""
    intents = [load_intent(path) for path in sorted(folder.rglob("*.yaml"))]
    names = {intent.name for intent in intents} | {NONE}
    for intent in intents:
        for phrase, other in intent.must_not.items():
            if other not in names or other == intent.name:
                raise IntentFileError(f"{intent.name}: must_not {phrase!r} names {other!r}, which is no other intent")
        if intent.asked and intent.asked not in names:
            raise IntentFileError(f"{intent.name}: asked names {intent.asked!r}, which is no intent")
    return intents


def load_intent(path: Path) -> Intent:
    """One file; the intent is named like the file."""
    text = path.read_text(encoding="utf-8")
    try:
        data = yaml.load(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise IntentFileError(f"{path}:{line}: {error.problem}") from error
    if not isinstance(data, dict):
        raise IntentFileError(f"{path}:1: expected keys such as title, playbook, examples")
    try:
        return Intent.model_validate({"name": path.stem, **data})
    except ValidationError as error:
        first = error.errors()[0]
        line = line_of(text, first["loc"])
        where = ".".join(str(part) for part in first["loc"])
        raise IntentFileError(f"{path}:{line}: {where + ': ' if where else ''}{first['msg']}") from error


def line_of(text: str, location: tuple[int | str, ...]) -> int:
    """The line of `location`, such as ("examples", 3), in the YAML document `text`, or of its nearest parent."""
    return _line(yaml.compose(text), location)


def _line(node: Any, location: tuple[int | str, ...]) -> int:
    line: int = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            entry = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if entry is None:
                return line
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line
