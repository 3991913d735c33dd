"""By which words things may be called: names come from outside, so one that would mislead is not listened to.

A registry, a chart or a profile can be given any label by somebody who may not deploy. A label that is another's name,
or an order, would turn a person's own request into another one, or speak to a language model. Such words are dropped
and the thing keeps its own name; a model whose very name is an order ("roll back churn") cannot be spoken of at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bizaiops_bot.domain.environments import parted
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.domain.values import is_version

LONGEST, LONGEST_NAME, MOST_WORDS, FEW_WORDS = 60, 120, 7, 4
Kpis = tuple[tuple[str, tuple[str, ...]], ...]
VERBS = frozenset(
    re.findall(
        r"\S+",
        "deploy ship release roll rollback revert retrain train pause resume unpause scale cancel abort approve reject "
        "freeze unfreeze send stop show list compare inject clear schedule status promote restart undo delete remove "
        "drop kill set start give tell help run delegate explain mute unmute snooze",
    )
)
COMMON = VERBS | frozenset(
    re.findall(
        r"\S+",
        "runs model models version versions kpi kpis alert alerts schedules digest digests policy audit history "
        "approval approvals deploys releases fault faults canary traffic replicas back up now to the a an all my our",
    )
)
"""Words of requests; alone they name nothing, nor do they stand for a name they are part of."""
_NO_NAME = re.compile(
    r"(?:(?:it|that|this|them|its|all|both|everything|again|same|one|yes|no|me|us|you|we|i|a|an|the|our|my|to|of|for|"
    r"models?|runs?|versions?|schedules?|kpis?|digests?|alerts?|latest|previous|stable|champion|"
    r"v?[\d.,]+%?)\b[ _-]*)+%?"
)
# No punctuation of sentences, marks of markup, line breaks or signs without a shape.
_LIKE_A_NAME = re.compile(r"[\w.@/+&()%'’\- ]+")
_VALUE = re.compile(r"(?<![\w.])v\d+(?![\w.])|\d+ ?%")
_OPENING = frozenset({"please", "pls", "now", "then", "and", "yes", "ok", "just", "to", "the", "as"})


def trusted(catalogue: Catalogue) -> Catalogue:
    """The catalogue without titles, aliases, labels and calling names that mislead; ids stay as they are."""
    every = {model.name for model in catalogue.models}
    names = {name for name in every if _is_name(name, every)}
    return catalogue.model_copy(
        update={
            "models": tuple(_model(model, names) for model in catalogue.models if model.name in names),
            "versions": {name: _versions(known) for name, known in catalogue.versions.items() if name in names},
            "stable": _of_services(catalogue.stable, names),
            "previous": _of_services(catalogue.previous, names),
            "kpis": {name: _kpis(known, names) for name, known in catalogue.kpis.items() if name in names},
            "called": _called(catalogue, names),
        }
    )


def _of_services(versions: dict[str, str], names: set[str]) -> dict[str, str]:
    return {n: version for n, version in versions.items() if parted(n)[0] in names and is_version(version)}


def _is_name(name: str, names: set[str]) -> bool:
    """Whether a model's id is a name and not a sentence, nor an order about another."""
    words = _plain(name).split()
    if not words or len(name) > LONGEST_NAME or len(words) > MOST_WORDS or not _LIKE_A_NAME.fullmatch(name):
        return False
    return not _orders(name, names - {name}) and not (words[0] in VERBS and _only_common(words))


def _model(model: ModelSpec, names: set[str]) -> ModelSpec:
    title = model.title if may_call(model.title, model.name, names) else model.name
    aliases = tuple(alias for alias in model.aliases if may_call(alias, model.name, names))
    return model.model_copy(update={"title": title, "aliases": aliases})


def _versions(known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(version for version in known if is_version(version))


def _kpis(known: Kpis, names: set[str]) -> Kpis:
    return tuple(
        (kpi, tuple(word for word in words if _usable(word) and not _orders(word, names))) for kpi, words in known
    )


def _called(catalogue: Catalogue, names: set[str]) -> dict[str, tuple[str, ...]]:
    taken = {*catalogue.people, *names}
    return {
        person: tuple(word for word in words if may_call(word, person, taken) and len(word.split()) <= FEW_WORDS)
        for person, words in catalogue.called.items()
    }


def may_call(word: str, owner: str, names: Iterable[str]) -> bool:
    """Whether `word` may stand for `owner`: it is no other's name, holds none that the owner's does not, and orders
    nothing.
    """
    own, said = f" {_plain(owner)} ", f" {_plain(word)} "
    others = {name for name in names if name != owner}
    if any(_in(other, said) and not _in(other, own) for other in others):
        return False
    if set(_VALUE.findall(said)) - set(_VALUE.findall(own)):
        return False
    return _usable(word) and (not _orders(word, {*others, owner}) or said.split()[:1] == own.split()[:1])


def _usable(word: str) -> bool:
    short = len(word) <= LONGEST and len(word.split()) <= MOST_WORDS
    return short and bool(_LIKE_A_NAME.fullmatch(word)) and not _NO_NAME.fullmatch(word.lower().strip())


def _orders(word: str, names: set[str]) -> bool:
    """Whether it reads like an order: "roll back churn", "please approve run 7", "freeze deploys". "Approve rate" and
    "churn-release" do not.
    """
    said = _plain(word).split()
    if VERBS.isdisjoint(said):
        return False
    about = any(_in(name, f" {' '.join(said)} ") for name in names) or any(part.isdecimal() for part in said)
    first = next(part for part in said if part not in _OPENING) in VERBS
    return (about and (first or " " in word.strip())) or _only_common(said)


def _only_common(words: list[str]) -> bool:
    return all(word in COMMON or word.isdecimal() for word in words)


def _in(name: str, spaced: str) -> bool:
    return f" {_plain(name)} " in spaced


def _plain(word: str) -> str:
    return " ".join(re.split(r"[\s_-]+", word.lower().strip(" .!?,;:")))
