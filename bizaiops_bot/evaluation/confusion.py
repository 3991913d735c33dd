"""Which intents are taken for which others: learned without a group of paraphrases, heard with it."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, ConfigDict

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.evaluation.paraphrases import folds, groups
from bizaiops_bot.router.classifier import Classifier
from bizaiops_bot.router.intents import NONE, Intent
from bizaiops_bot.router.training import pairs

FOLDS = 5
SHOWN = 6


class IntentScore(BaseModel):
    """right: of `examples` (with look-alikes of other files that are this intent), those heard right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    examples: int
    groups: int
    right: int

    @property
    def accuracy(self) -> float:
        return self.right / self.examples


class Confused(BaseModel):
    """Examples of `intent` that are taken for `taken_for`, the surest mistakes first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    taken_for: str
    count: int
    sentences: tuple[str, ...]


class Confusion(BaseModel):
    """Accuracy over all examples; what the bot does not do counts as one intent, "none"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    examples: int
    groups: int
    folds: int
    accuracy: float
    intents: tuple[IntentScore, ...]
    pairs: tuple[Confused, ...]


def confusion(intents: list[Intent], specs: list[PlaybookSpec], count: int = FOLDS) -> Confusion:
    """Learns `count` times; intents without a playbook among `specs` are left out. Takes a minute or two."""
    known = {spec.name: spec for spec in specs}
    usable = [intent for intent in intents if not intent.playbook or intent.playbook in known]
    rows = pairs(usable, known)
    out = {intent.name for intent in usable if not intent.playbook} | {NONE}
    fold = folds(rows, count)
    heard: dict[int, tuple[str, float]] = {}
    for held_out in range(count):
        learned = Classifier([row for row, at in zip(rows, fold, strict=True) if at != held_out], None)
        for i, (text, _) in enumerate(rows):
            if fold[i] == held_out:
                heard[i] = _best(learned, text, out)
    return _report(rows, heard, out, count)


def _best(classifier: Classifier, text: str, out: set[str]) -> tuple[str, float]:
    """The likeliest intent and its probability; all that the bot does not do is taken together."""
    found: Counter[str] = Counter()
    for guess in classifier.rank(text, top=10):
        found[NONE if guess.intent in out else guess.intent] += guess.p  # type: ignore[assignment]
    return max(found.items(), key=lambda item: item[1])


def _report(rows: list[tuple[str, str]], heard: dict[int, tuple[str, float]], out: set[str], count: int) -> Confusion:
    labels = [NONE if intent in out else intent for _, intent in rows]
    wrong: dict[tuple[str, str], list[tuple[float, str]]] = {}
    right: Counter[str] = Counter()
    for i, (said, p) in heard.items():
        if said == labels[i]:
            right[said] += 1
        else:
            wrong.setdefault((labels[i], said), []).append((-p, rows[i][0]))
    scores = [
        _score(name, [text for (text, _), label in zip(rows, labels, strict=True) if label == name], right)
        for name in sorted(set(labels))
    ]
    confused = [
        Confused(intent=a, taken_for=b, count=len(said), sentences=tuple(text for _, text in sorted(said)[:SHOWN]))
        for (a, b), said in sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return Confusion(
        examples=len(rows),
        groups=sum(score.groups for score in scores),
        folds=count,
        accuracy=round(sum(right.values()) / len(rows), 4),
        intents=tuple(sorted(scores, key=lambda score: (score.accuracy, score.intent))),
        pairs=tuple(confused),
    )


def _score(name: str, texts: list[str], right: Counter[str]) -> IntentScore:
    return IntentScore(intent=name, examples=len(texts), groups=len(set(groups(texts))), right=right[name])
