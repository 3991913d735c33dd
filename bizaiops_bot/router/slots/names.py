"""Names that must exist in the catalogue: models, versions, KPIs, faults. Near misses are told, never taken."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

from bizaiops_bot.domain.models import ModelInfo
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.router.slots.mention import Mention, apart

NEAR = 72.0
NAMED_VERSIONS = frozenset({"latest", "previous", "stable"})

FAULTS: dict[str, tuple[str, ...]] = {
    "covariate_drift": ("covariate drift", "covariate_drift", "data drift", "input drift", "feature drift"),
    "concept_drift": ("concept drift", "concept_drift", "label drift"),
    "latency": (
        *("latency", "slowness", "slow responses", "delay", "delays", "slow answers"),
        *("slow", "slower", "sluggish", "lag", "timeouts"),
    ),
    "errors": ("errors", "error", "failures", "exceptions", "500s", "5xx", "crashes", "fail"),
    "missing_values": (
        *("missing values", "missing_values", "missing data", "nulls", "null values"),
        *("gaps", "empty values", "empty fields", "nans"),
    ),
    "bad_release": ("bad release", "bad_release", "broken release", "bad version"),
}


def models(text: str, catalogue: Catalogue) -> list[Mention]:
    """Model names, titles and aliases, whole words, separators alike; else parts of a name that only one model has."""
    found = []
    for model in catalogue.models:
        for phrase in _phrases(model):
            for m in _model_words(phrase).finditer(text):
                found.append(Mention("model", m.start(), m.end(), model.name))
    return apart(found) or _parts(text, catalogue)


def _phrases(model: ModelInfo) -> set[str]:
    return {phrase.lower() for phrase in (model.name, model.title, *model.aliases) if phrase}


def _pattern(phrase: str) -> str:
    """A pattern in which space, hyphen and underscore are the same."""
    return r"[\s_-]?".join(re.escape(part) for part in re.split(r"[\s_-]+", phrase))


@lru_cache(maxsize=4096)
def _model_words(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:the |our |my )?{_pattern(phrase)}(?:'s)?(?: models?\b)?(?![\w])")


@lru_cache(maxsize=4096)
def _kpi_words(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:the |our )?{_pattern(phrase)}s?(?![\w])")


def _parts(text: str, catalogue: Catalogue) -> list[Mention]:
    """Token-wise: "fraud" for fraud-detector-eu when no other model has that word; all of them when several do."""
    owners: dict[str, set[str]] = {}
    for model in catalogue.models:
        for part in re.split(r"[\s_-]+", model.name):
            if len(part) >= 3:
                owners.setdefault(part, set()).add(model.name)
    found = []
    for m in re.finditer(r"(?<![\w-])\w+(?![\w-])", text):
        found += [Mention("model", m.start(), m.end(), name) for name in sorted(owners.get(m[0], ()))]
    shared = [m for m in found if len(owners[text[m.start : m.end]]) > 1]
    return found if not shared or len(shared) == len(found) else [m for m in found if m not in shared]


def near_models(word: str, catalogue: Catalogue) -> list[str]:
    """Models whose name or alias looks like `word`, nearest first."""
    names = {phrase: model.name for model in catalogue.models for phrase in _phrases(model)}
    hits = process.extract(word, list(names), scorer=fuzz.ratio, processor=None, score_cutoff=NEAR, limit=5)
    swapped = [
        (name, score + 20, i)
        for name, score, i in process.extract(word, list(names), scorer=_letters, limit=5)
        if score >= 99
    ]
    ordered = [names[phrase] for phrase, _, _ in sorted([*hits, *swapped], key=lambda hit: -hit[1])]
    return list(dict.fromkeys(ordered))


def _letters(a: str, b: str, **_: object) -> float:
    """100 for the same letters in another order with the same first one ("chrun"), else 0."""
    return 100.0 if a[:1] == b[:1] and sorted(a) == sorted(b) else 0.0


def version(said: str, model: str, catalogue: Catalogue) -> str | None:
    """The version `said` of `model`: "v2", "latest", "previous" or "stable" looked up; None when there is none such."""
    known = catalogue.versions.get(model, ())
    if said == "latest":
        return max(known, key=_order, default=None)
    if said == "previous":
        return catalogue.previous.get(model)
    if said == "stable":
        return catalogue.stable.get(model)
    return said if said in known else None


def _order(name: str) -> int:
    digits = re.sub(r"\D", "", name)
    return int(digits) if digits else 0


def newest_first(versions: Iterable[str]) -> list[str]:
    return sorted(versions, key=_order, reverse=True)


def kpis(text: str, catalogue: Catalogue) -> list[Mention]:
    """KPIs by id, title or alias; value is (model, id). A KPI's words may contain a model's name ("churn rate")."""
    models_said = {phrase for model in catalogue.models for phrase in _phrases(model)}
    found = []
    for model, entries in catalogue.kpis.items():
        for name, words in entries:
            for phrase in {name.lower(), *(w.lower() for w in words)} - models_said:
                for m in _kpi_words(phrase).finditer(text):
                    found.append(Mention("kpi", m.start(), m.end(), (model, name)))
    longest = [m for m in found if not any(o.end - o.start > m.end - m.start and m.overlaps(o) for o in found)]
    return sorted(set(longest), key=lambda m: m.start)


def faults(text: str) -> list[Mention]:
    """Faults the embedded company can have; plain "drift" could be two of them."""
    found = [
        Mention("fault", m.start(), m.end(), name)
        for name, phrases in FAULTS.items()
        for phrase in phrases
        for m in re.finditer(rf"\b{re.escape(phrase)}\b", text)
    ]
    found = apart(found)
    if not found and (m := re.search(r"\bdrift\b", text)):
        return [Mention("fault", m.start(), m.end(), name) for name in ("covariate_drift", "concept_drift")]
    return found
