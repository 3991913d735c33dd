"""The domain set: what people say and the command it stands for, read from the YAML files of tests/eval."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bizaiops_bot.domain.errors import BadInput

Half = Literal["A", "B"]


class Case(BaseModel):
    """A sentence and the command meant by it; `group`: paraphrases of one request share it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str
    playbook: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    group: str = ""


class Incomplete(BaseModel):
    """A request that lacks something: `slot` has to be asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str
    playbook: str
    slot: str


class DomainSet(BaseModel):
    """commands: by file. beside: what is said next to the bot, or for another system. sha256: of all files read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commands: dict[str, tuple[Case, ...]]
    incomplete: tuple[Incomplete, ...]
    beside: tuple[str, ...]
    near_misses: tuple[str, ...]
    sha256: str


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    playbook: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    say: tuple[str, ...] = Field(min_length=2)


class _Said(BaseModel):
    """phrases.yaml and blind.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commands: tuple[Case, ...]
    questions: tuple[Incomplete, ...] = ()
    not_acted_on: tuple[str, ...] = ()


FILES = ("phrases.yaml", "blind.yaml", "groups.yaml", "near_misses.yaml", "slots.yaml")
_GROUPS, _MISSES = TypeAdapter(tuple[_Group, ...]), TypeAdapter(dict[str, tuple[str, ...]])


def half(text: str) -> Half:
    """A may be looked at while intents are written, B is only measured."""
    return "A" if hashlib.sha256(text.encode()).digest()[0] % 2 == 0 else "B"


def load(folder: Path) -> DomainSet:
    """The set in `folder`. Raises BadInput for a file that is missing or not as it must be."""
    phrases, blind = (TypeAdapter(_Said).validate_python(_yaml(folder / name)) for name in FILES[:2])
    groups = _GROUPS.validate_python(_yaml(folder / "groups.yaml"))
    own = tuple(
        Case(say=say, playbook=group.playbook, inputs=group.inputs, group=group.group)
        for group in groups
        for say in group.say
    )
    misses = _MISSES.validate_python(_yaml(folder / "near_misses.yaml"))
    return DomainSet(
        commands={"phrases": phrases.commands, "blind": blind.commands, "groups": own},
        incomplete=(*phrases.questions, *blind.questions),
        beside=(*phrases.not_acted_on, *blind.not_acted_on),
        near_misses=tuple(text for texts in misses.values() for text in texts),
        sha256=_digest(folder),
    )


def checked(folder: Path) -> DomainSet:
    """As `load`, a mistake in a file told as one sentence. Raises BadInput."""
    try:
        return load(folder)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"The domain set in {str(folder)!r} cannot be read: {where}: {first['msg']}.") from error


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        do = "Give the folder tests/eval of a clone."
        raise BadInput(f"{str(path)!r} cannot be read: {error.strerror}.", do=do) from error
    except yaml.YAMLError as error:
        raise BadInput(f"{str(path)!r} is not YAML: {error}.") from error


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for name in FILES:
        path = folder / name
        found.update(name.encode() + (path.read_bytes() if path.exists() else b""))
    return found.hexdigest()[:16]
