"""models/<name>.yaml: what the company says of one of its models."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from bizaiops_bot.company_files.environments import Channel, EnvironmentFile, Namespace, unknown
from bizaiops_bot.company_files.forms import FileForm
from bizaiops_bot.company_files.judging import Judge, Slo, Span
from bizaiops_bot.domain.models import DriftSpec, LabelSpec, ModelSpec, ServiceSpec, Task
from bizaiops_bot.domain.strategies import StrategyName, one_way
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.domain.yaml_files import Unusable, near, read_document, read_yaml

FOLDER = "models"
A_NAME = r"[a-z][a-z0-9_-]{0,62}"
NO_NAME = "is not listened to as a name: it reads like an order, another's name or no name at all"
Column = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]


class Labels(FileForm):
    """When and from where it is known what became of a prediction."""

    delay: Span | None = None
    """How long after a prediction its label is there, "30d", at most 365d; then a release's effect is looked at."""
    source: str | None = Field(None, min_length=1, max_length=200)
    """Where labels come from, as people are told."""

    @model_validator(mode="after")
    def _comes_within_a_year(self) -> Self:
        if self.delay is not None and duration_s(self.delay) > 365 * 86_400:
            raise ValueError(f"delay {self.delay} is more than 365d")
        return self


class Drift(FileForm):
    """Which columns are watched for drift and missing values; all when nothing is said."""

    columns: tuple[Column, ...] | None = Field(None, min_length=1)
    """Those alone."""
    leave_out: tuple[Column, ...] = ()
    """All but those, such as a counter that grows by itself."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.columns is not None and self.leave_out:
            raise ValueError("columns and leave_out say the same twice; keep one of them")
        return self


class Service(FileForm):
    """What serves the model in one environment. What is left out is the model's name, and the environment's place."""

    name: str | None = Field(None, min_length=1, max_length=250)
    """As the serving system calls it."""
    namespace: Namespace | None = None
    """Where it is, when not in the environment's."""
    cluster: str | None = Field(None, min_length=1, max_length=250)
    """Where it is, when not in the environment's."""
    slo: Slo = Slo()
    """From where on it is not well there; what is left out is as the environment says it, then as the model does."""
    judge: Judge = Judge()
    """How its canaries are judged there; what is left out is as the environment says it, then as the model does."""
    canary: int | None = Field(None, ge=1, le=100)
    """Percent of requests that a canary gets there when nobody says another share; left out: the environment's."""
    strategy: StrategyName | None = None
    """How deployed versions come to all traffic there when nobody says it; left out: as the environment says."""
    channel: Channel | None = None
    """Gets the alerts of this one service, beside the environment's."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        return one_way(self)


class ModelFile(FileForm):
    """One file. What is left out is as the serving system says it."""

    title: Name | None = None
    """As cards and lists call it."""
    task: Task | None = None
    """What it predicts: classification, regression, ranking, forecast or other."""
    owner: Name | None = None
    """The team or person that cards name as its owner."""
    aliases: tuple[Name, ...] = ()
    """More names that people may say, beside those it has."""
    slo: Slo = Slo()
    """From where on it is not well."""
    judge: Judge = Judge()
    """How its canaries are judged."""
    labels: Labels = Labels()
    """When and from where its labels come."""
    drift: Drift = Drift()
    """Which columns are watched."""
    channel: Channel | None = None
    """Gets its alerts and digests besides home: "ml-ops", "slack:#risk", "slack:@lead"."""
    registered_as: str | None = Field(None, min_length=1, max_length=250)
    """Its name in the registry, when that is another one."""
    pipeline: str | None = Field(None, min_length=1, max_length=250)
    """What builds it, as your CI calls it."""
    services: dict[str, Service] = Field(default_factory=dict)
    """What serves it, by environment; left out: a service of the model's name in each."""

    def told(self, info: ModelSpec, environments: Mapping[str, EnvironmentFile], acting: str) -> ModelSpec:
        """The model as the company speaks of it; its own limits are those of the environment `acting`."""
        there = {name: self._served(info, name, environments.get(name)) for name in {acting: None, **environments}}
        return info.model_copy(
            update={
                "title": self.title or info.title,
                "task": self.task or info.task,
                "owner": self.owner or info.owner,
                "aliases": tuple(dict.fromkeys((*info.aliases, *self.aliases))),
                "limits": there[acting].limits,
                "judge": there[acting].judge,
                "labels": LabelSpec(delay=self.labels.delay or "", source=self.labels.source or ""),
                "drift": DriftSpec(columns=self.drift.columns or (), leave_out=self.drift.leave_out),
                "channel": self.channel or "",
                "registered_as": self.registered_as or "",
                "pipeline": self.pipeline or "",
                "services": there if environments else {},
            }
        )

    def _served(self, info: ModelSpec, name: str, around: EnvironmentFile | None) -> ServiceSpec:
        """What is nearest counts: the service's own line, then the environment's, then the model's."""
        own, there = self.services.get(name, Service()), around or EnvironmentFile()
        limits = self.slo.under(there.slo).under(own.slo).limits()
        way = own if own.canary or own.strategy else there
        return ServiceSpec(
            name=own.name or info.name,
            namespace=own.namespace or there.namespace or "",
            cluster=own.cluster or there.cluster or "",
            limits=limits,
            judge=self.judge.under(there.judge).under(own.judge).spec(limits),
            canary=way.canary,
            strategy=way.strategy,
            channel=own.channel or "",
        )

    def amiss(self, environments: Mapping[str, EnvironmentFile]) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What does not fit together where a service, its environment and the model each say a part."""
        for name, around in environments.items():
            try:
                self._served(ModelSpec(name="any", title="any"), name, around)
            except ValidationError as exc:
                why = exc.errors()[0]["msg"].removeprefix("Value error, ")
                yield ("services", name), f"with what environments/{name}.yaml and the model say: {why}"


def read_models(
    company: Path | None,
    served: Collection[str] | None,
    may_call: Callable[[str, str, Collection[str]], bool],
    environments: dict[str, EnvironmentFile],
) -> dict[str, ModelFile]:
    """By name; none without a company in files. served: the models that there are; None where the files say it.
    may_call: whether the bot listens to a word as a name of a model among all.

    Raises Unusable with the mistakes of all files: among them a model that is not served, a name that would not be
    listened to, and an alias or a name in the registry that is said of two.
    """
    found: dict[str, ModelFile] = {}
    mistakes: list[str] = []
    files = sorted((company / FOLDER).glob("*.yaml")) if company is not None else []
    names = {file.stem for file in files} if served is None else {*served}
    for file in files:
        source = f"{FOLDER}/{file.name}"
        if file.stem not in names:
            mistakes.append(f"{source}:1: no model {file.stem!r} is served{near(file.stem, sorted(names))}")
            continue
        if not re.fullmatch(A_NAME, file.stem):
            mistakes.append(f"{source}:1: {file.stem!r} is no name of a model: small letters, digits, - and _")
            continue
        try:
            found[file.stem] = _read(file, source, names, found, may_call, environments)
        except Unusable as exc:
            mistakes += exc.mistakes
    mistakes += _registered_twice(company, names, found)
    if mistakes:
        raise Unusable("The folder models", mistakes)
    return found


def _registered_twice(company: Path | None, names: Collection[str], found: Mapping[str, ModelFile]) -> Iterator[str]:
    """Two models of one name in the registry would move each other's aliases."""
    of: dict[str, list[str]] = {}
    for name in sorted({*names, *found}):
        file = found.get(name)
        of.setdefault(file.registered_as or name if file else name, []).append(name)
    for there, models in of.items():
        # Told of the last one whose file says it: who says nothing goes by their own name.
        said = [name for name in models if name in found and found[name].registered_as]
        if len(models) > 1 and said and company is not None:
            source = f"{FOLDER}/{said[-1]}.yaml"
            document = read_document(company / source, source)
            others = " and ".join(name for name in models if name != said[-1])
            if document is not None:
                yield document.mistake(("registered_as",), f"{there!r} is the name of {others} in the registry too")


def _read(
    file: Path,
    source: str,
    names: Collection[str],
    known: Mapping[str, ModelFile],
    may_call: Callable[[str, str, Collection[str]], bool],
    environments: dict[str, EnvironmentFile],
) -> ModelFile:
    def fits_the_others(model: ModelFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
        taken = {name: name for name in names if name != file.stem}
        taken |= {alias.lower(): name for name, other in known.items() for alias in other.aliases}
        if model.title is not None and not may_call(model.title, file.stem, names):
            yield ("title",), f"{model.title!r} {NO_NAME}"
        for i, alias in enumerate(model.aliases):
            if alias.lower() in taken:
                yield ("aliases", i), f"{alias!r} is said of {taken[alias.lower()]} too"
            elif not may_call(alias, file.stem, names):
                yield ("aliases", i), f"{alias!r} {NO_NAME}"
        for name in model.services:
            if why := unknown(name, environments):
                yield ("services", name), why
        yield from model.amiss(environments)

    return read_yaml(file, ModelFile, ModelFile(), fits_the_others, source=source)
