"""Names that must exist in the catalogue: models, KPIs, faults. Near misses are told, never taken."""

from __future__ import annotations

import re

from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.routing import Catalogue
from bizaiops_bot.router.slots import models as model_names
from bizaiops_bot.router.slots.kept import by_identity
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.phrases import Phrases, split, tokens

Kpis = dict[str, tuple[tuple[str, tuple[str, ...]], ...]]
_PLACING = frozenset({"at", "in", "on", "per"})

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
_OF_SERVING = frozenset({"error", "errors", "failure", "success", "request", "traffic", "timeout", "crash", "hit"})
"""Whose rate it is: the "error rate of churn" is how churn serves, no churn rate turned round."""
_NAME_OF = {phrase: name for name, phrases in FAULTS.items() for phrase in phrases}
_FAULT = re.compile(rf"\b({'|'.join(map(re.escape, sorted(_NAME_OF, key=len, reverse=True)))})\b")


def models(text: str, catalogue: Catalogue) -> list[Mention]:
    """Model names, titles and aliases, whole words, separators alike; else parts of a name; all of them when several
    models may be meant.
    """
    return model_names.find(text, catalogue.models)


def near_models(word: str, catalogue: Catalogue) -> list[str]:
    """Models whose name, alias or part of a name looks like `word`, nearest first."""
    return model_names.near(word, catalogue.models)


def kpis(text: str, catalogue: Catalogue) -> list[Mention]:
    """KPIs by id, title or alias, also turned round ("rate of churn"); value is (model, id), of each model that has it.
    A KPI's words may contain a model's name ("churn rate").
    """
    said = tokens(text)
    return [
        Mention("kpi", _article(text, said[hit.first].start), said[hit.last - 1].end, kpi)
        for hit in _kpi_names(catalogue.kpis, catalogue.models).find(said)
        if not (hit.first and said[hit.first].text == "rate" and said[hit.first - 1].text in _OF_SERVING)
        for kpi in sorted(hit.what)
    ]


def _article(text: str, start: int) -> int:
    return start - 4 if text[:start].endswith(("the ", "our ")) else start


@by_identity
def _kpi_names(kpis: Kpis, models: tuple[ModelSpec, ...]) -> Phrases[tuple[str, str]]:
    taken = {phrase.lower() for model in models for phrase in (model.name, model.title, *model.aliases)}
    pairs = [
        (said, (model, name))
        for model, entries in kpis.items()
        for name, titles in entries
        for phrase in {name.lower(), *(title.lower() for title in titles)} - taken
        for said in _ways(phrase)
    ]
    return Phrases(pairs, between=frozenset({"is", "are", "was", "were"}))


def _ways(phrase: str) -> list[str]:
    """ "churn rate" is also "rate of churn", "revenue at risk" also "at-risk revenue"."""
    parts = split(phrase)
    if phrase.endswith("s") and len(parts[-1]) > 4:
        return [phrase, phrase[:-1]]
    if len(parts) == 2:
        return [phrase, f"{parts[1]} of {parts[0]}", f"{parts[1]} of the {parts[0]}", f"{parts[1]} for {parts[0]}"]
    if len(parts) == 3 and parts[1] in _PLACING:
        return [phrase, f"{parts[1]} {parts[2]} {parts[0]}"]
    return [phrase]


def faults(text: str) -> list[Mention]:
    """Faults the embedded company can have; plain "drift" could be two of them."""
    found = [Mention("fault", m.start(), m.end(), _NAME_OF[m[1]]) for m in _FAULT.finditer(text)]
    if not found and (m := re.search(r"\bdrift\b", text)):
        return [Mention("fault", m.start(), m.end(), name) for name in ("covariate_drift", "concept_drift")]
    return found
