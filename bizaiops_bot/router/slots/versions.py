"""Versions as they are said, found by the names that the registry has for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from bizaiops_bot.domain import versions as order
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.router.slots.kept import by_identity
from bizaiops_bot.router.slots.mention import Mention

NAMED = frozenset({"latest", "previous", "stable"})
_SHORT, _LONG = 4, 8
_WORD = re.compile(r"(?<![\w./+-])(?:version )?([a-z0-9](?:[\w.+-]*[a-z0-9])?)(?![\w/])(?: version\b)?")
_BEFORE_TIMES = re.compile(r"\b(?:since|until|till|before|after|between|by|on)(?: the)? $")


def named(said: str, model: str, catalogue: Catalogue) -> str | None:
    """The version `said` of `model` by its own name: "v2", "2", "latest", "previous" or "stable"; None when there is
    none such, or when several may be meant.
    """
    found = meant(said, model, catalogue)
    return said if said in found else found[0] if len(found) == 1 else None


def meant(said: str, model: str, catalogue: Catalogue) -> list[str]:
    """Every version of `model` that `said` may stand for; "v8" and "8" where the registry has both."""
    known = catalogue.versions.get(model, ())
    if said not in NAMED:
        return order.meant(said, known)
    named = {
        "latest": known[-1] if known else None,
        "previous": catalogue.previous.get(model),
        "stable": catalogue.stable.get(model),
    }[said]
    return [named] if named else []


def near(said: str, known: Iterable[str]) -> list[str]:
    """Known names that `said` is by a slip or two of the keyboard, nearest first; none for a short one."""
    word = order.plain(said)
    distances = [(OSA.distance(word, order.plain(name)), name) for name in known if len(word) > _SHORT]
    return [
        name for far, name in sorted(distances, key=lambda pair: pair[0]) if far <= (2 if len(word) >= _LONG else 1)
    ][:3]


def odd(text: str, catalogue: Catalogue, models: Iterable[str]) -> list[Mention]:
    """Versions that are called otherwise than "v2" or "2": "2026-11-02", "1.4.0-rc1", the beginning of a sha.

    models: those whose versions may be meant; every model where none is named. A date behind a word for a time is one.
    """
    index = _index(catalogue.versions)
    if not index.whole and not index.shas:
        return []
    scope = frozenset(models)
    return [mention for m in _WORD.finditer(text) if (mention := _odd(m, index, scope, text)) is not None]


@dataclass(frozen=True)
class _Index:
    """Names in lower case, and shas by their first characters, each with the names as registered and their models."""

    whole: dict[str, frozenset[tuple[str, str]]]
    shas: dict[str, frozenset[tuple[str, str]]]


@by_identity
def _index(known: dict[str, tuple[str, ...]]) -> _Index:
    whole: dict[str, set[tuple[str, str]]] = {}
    shas: dict[str, set[tuple[str, str]]] = {}
    for model, names in known.items():
        for name in names:
            if not re.fullmatch(r"v?\d+", name):
                whole.setdefault(name.lower(), set()).add((name, model))
            if order.is_sha(name):
                shas.setdefault(name[: order.LEAST_SHA], set()).add((name, model))
    return _Index({k: frozenset(v) for k, v in whole.items()}, {k: frozenset(v) for k, v in shas.items()})


def _odd(m: re.Match[str], index: _Index, scope: frozenset[str], text: str) -> Mention | None:
    word = m[1]
    is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", word) is not None
    if is_date and m.start() == m.start(1) and _BEFORE_TIMES.search(text[: m.start()]):
        return None
    found = {name for name, model in index.whole.get(word, ()) if not scope or model in scope}
    if not found and order.is_sha(word):
        long = index.shas.get(word[: order.LEAST_SHA], ())
        found = {name for name, model in long if name.startswith(word) and (not scope or model in scope)}
        if not found and index.shas and re.search(r"\d", word):
            found = {word}  # looks like one, and is none: to be told
    if not found:
        return None
    return Mention("version", m.start(), m.end(), found.pop() if len(found) == 1 else word)


def as_called(mentions: Iterable[Mention], catalogue: Catalogue, models: Iterable[str]) -> list[Mention]:
    """With the registry's own name, where all models that may be meant have but one for what was said: "8" for "v8"."""
    scope = list(models)
    said = _numbered(catalogue.versions) if not scope else {}
    found = []
    for mention in mentions:
        value = str(mention.value)
        if scope:
            called = {v for model in scope for v in order.meant(value, catalogue.versions.get(model, ()))}
        else:
            called = set(said.get(order.plain(value), ()))
        found.append(replace(mention, value=called.pop()) if len(called) == 1 else mention)
    return found


@by_identity
def _numbered(known: dict[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for names in known.values():
        for name in names:
            found.setdefault(order.plain(name), set()).add(name)
    return {said: frozenset(names) for said, names in found.items()}
