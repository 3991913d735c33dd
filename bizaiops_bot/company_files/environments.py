"""environments/<name>.yaml: where the company serves its models, and what holds there for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from bizaiops_bot.company_files.forms import FileForm
from bizaiops_bot.company_files.judging import Judge, Slo
from bizaiops_bot.domain.environments import Environment
from bizaiops_bot.domain.notices import destination
from bizaiops_bot.domain.strategies import StrategyName, one_way
from bizaiops_bot.domain.yaml_files import Unusable, near, read_yaml

FOLDER = "environments"
A_NAME = r"[a-z][a-z0-9_-]{0,30}"
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


Channel = Annotated[str, AfterValidator(destination)]
Alias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
USUAL = {"production": ("prod", "prd"), "staging": ("stage", "stg"), "development": ("dev",)}
"""What people call environments of these names without being told to."""


class EnvironmentFile(FileForm):
    """One file, called like the word that policy knows it by, such as production."""

    title: str | None = Field(None, min_length=1, max_length=60)
    """As cards call it."""
    aliases: tuple[Alias, ...] = ()
    """More names that people may say: "live", "pre-prod"; prod, stage and dev are known without it."""
    default: bool = False
    """Whether it is meant where nobody names one; one of several has to be."""
    cluster: str | None = Field(None, min_length=1, max_length=250)
    """As your tools call it; left out: the one that the bot runs in."""
    namespace: Namespace | None = None
    """Where services are that name none."""
    quorum: int | None = Field(None, ge=0, le=9)
    """How many people must agree to a change here, 0 for nobody; left out: as the playbook says. What makes things safe
    again (rolling back, pausing) never waits for more than its playbook asks.
    """
    canary: int | None = Field(None, ge=1, le=100)
    """Percent of requests that a canary gets here when nobody says another share; left out: 10."""
    strategy: StrategyName | None = None
    """How deployed versions come to all traffic here when nobody says it: "steps 5, 25, 50", "steps 10, 50, asked each"
    or "blue-green"; left out: as one canary.
    """
    slo: Slo = Slo()
    """From where on models here are not well; a model's own word for this environment goes before it."""
    judge: Judge = Judge()
    """How canaries are judged here; a model's own word for this environment goes before it."""
    channel: Channel | None = None
    """Gets the alerts of this environment: instead of home in all but the default one, and there beside it."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        return one_way(self)

    def environment(self, name: str) -> Environment:
        return Environment(
            name=name,
            title=self.title or name,
            aliases=tuple(dict.fromkeys((*USUAL.get(name, ()), *self.aliases))),
            cluster=self.cluster or "",
            namespace=self.namespace or "",
            quorum=self.quorum,
            canary=self.canary,
            strategy=self.strategy,
            channel=self.channel or "",
        )


def read_environments(company: Path | None) -> dict[str, EnvironmentFile]:
    """By name; none without the folder. Raises Unusable with the mistakes of all files."""
    found: dict[str, EnvironmentFile] = {}
    mistakes: list[str] = []
    for file in sorted((company / FOLDER).glob("*.yaml")) if company is not None else ():
        source = f"{FOLDER}/{file.name}"
        if not re.fullmatch(A_NAME, file.stem):
            mistakes.append(f"{source}:1: {file.stem!r} is no name of an environment: small letters, digits, - and _")
            continue
        try:
            found[file.stem] = read_yaml(file, EnvironmentFile, EnvironmentFile(), source=source)
        except Unusable as exc:
            mistakes += exc.mistakes
    if not mistakes:
        mistakes = [*_not_one_default(found), *_called_twice(found)]
    if mistakes:
        raise Unusable("The folder environments", mistakes)
    return found


def default_of(environments: dict[str, EnvironmentFile]) -> str | None:
    """The one that is meant where nobody names one; None where there are none."""
    named = [name for name, file in environments.items() if file.default]
    return next(iter(named or environments), None)


def unknown(name: str, environments: dict[str, EnvironmentFile]) -> str:
    """What is wrong with a name that is no environment's, "" when nothing is: without the folder any word will do."""
    if not environments or name in environments:
        return ""
    return f"there is no environment {name!r}{near(name, sorted(environments))}"


def _not_one_default(found: dict[str, EnvironmentFile]) -> list[str]:
    named = [name for name, file in found.items() if file.default]
    if len(named) == 1 or len(found) < 2:
        return []
    if named:
        return [f"{FOLDER}/{named[1]}.yaml: {' and '.join(named)} are both `default: true`, and one has to be"]
    return [f"{FOLDER}: none of {', '.join(found)} says `default: true`; one is meant where nobody names one"]


def _called_twice(found: dict[str, EnvironmentFile]) -> Iterator[str]:
    """A word that is two environments' would send a change to the wrong one."""
    of: dict[str, str] = {}
    for name, file in found.items():
        there = file.environment(name)
        for word in dict.fromkeys(map(str.lower, (name, there.title, *there.aliases))):
            if word in of:
                yield f"{FOLDER}/{name}.yaml: {word!r} is a name of {of[word]} too"
            of[word] = name
