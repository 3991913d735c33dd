"""Stage 3: when a language model is asked, and what of its answer counts.

It may point at a playbook, and at values that the person's own words hold. A value that nobody said does not count,
whatever the model returns: it may have been talked into it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz import fuzz

from bizaiops_bot.domain.routing import Catalogue, Decision, Memory, PlaybookSpec, Question, Refusal, SlotSpec
from bizaiops_bot.domain.versions import plain
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.language import Language, Proposal
from bizaiops_bot.router.slots import names
from bizaiops_bot.router.slots import versions as said_versions

log = logging.getLogger("bizaiops.language")

LIMIT_S = 8.0
READY_S = 2.0
"""What a person waits at most where an answer or a refusal is ready at once and may yet turn out to be wrong."""
AT_HAND = "at hand"
FIRM = 0.6
"""From this probability on that something is asked for which the bot knows and does not do ("delete churn"), its no is
firm: no guess of a model can overrule it.
"""
SURELY_NONE = 0.01
"""Under this chance that any request of the bot's was meant, so is the no to what it does not know."""
SURE_AT_HAND = 0.65
"""Cosine under which an answer about what is open is a guess, that a model may better."""
OFFERED = 5
NEAR = 82.0
"""How alike a misspelt word and a name must be, of 100."""
LONGEST_VALUE = 200
_FREE = frozenset({"reason", "topic", "since"})
Doubt = Literal["", "unsure", "slot", "guess"]

_NO_REQUEST = frozenset({"negated", "told", "injected", "unchecked"})
NO_CHANGE = frozenset({"elsewhere", "conditional", "later"})
"""Moods in which nothing may change: on a condition, at another time, somewhere else."""
_WORD = re.compile(r"[a-z][a-z_-]{3,}")
_VERSION_WORDS = {
    "latest": re.compile(r"\b(?:new(?:er)?|fresh|updated)\b"),
    "previous": re.compile(r"\b(?:earlier|former|one before|older)\b"),
}
_PAIR = 2


def may_ask(local: Decision) -> bool:
    """Whether it comes from a stage that guesses: of the answers about what is open, from one that is not near."""
    stage = local.heard.get("stage")
    return stage == "local" or (stage == AT_HAND and local.heard["near"] < SURE_AT_HAND)


def doubt(local: Decision, hearing: Hearing, intents: dict[str, Intent]) -> Doubt:
    """Why the local decision may be worth a second opinion; "" when it stands.

    What the guards refused, several requests at once, what is denied, told or injected, and what is surely none of the
    bot's requests are no matter for a model.
    """
    heard = local.heard
    if not may_ask(local) or heard.get("mood") or mood(hearing.core) in _NO_REQUEST:
        return ""
    if heard["stage"] == AT_HAND:
        return "guess"
    intent = intents.get(heard.get("intent", ""))
    if isinstance(local, Refusal):
        firm = heard.get("beside", 0.0) >= FIRM or heard.get("sure", 0.0) < SURELY_NONE
        return "unsure" if not firm and (intent is None or intent.risk == "none") else ""
    if isinstance(local, Question):
        return "slot" if local.slot != "playbook" else "unsure" if intent is None else ""
    return ""


def patience(local: Decision) -> float:
    """Seconds that a person may wait for more than the local decision, less where that is an answer."""
    return LIMIT_S if isinstance(local, Question) else READY_S


def mood(core: str) -> moods.Mood:
    """Of what is asked for: "could you put it out" tells nothing of what somebody put."""
    return moods.mood(core[moods.opening(core) :])


async def ask(
    language: Language,
    hearing: Hearing,
    offered: tuple[PlaybookSpec, ...],
    memory: Memory | None,
    channel: str,
    limit_s: float = LIMIT_S,
) -> Proposal | None:
    """The proposal; None when it fails in any way or takes too long: the local decision stands then."""
    try:
        async with asyncio.timeout(limit_s):
            return await language.propose(hearing.text, offered, hearing.catalogue, _about(memory), channel=channel)
    except Exception as error:  # a model's failure, of whatever kind, must not cost the person an answer
        log.warning("no second opinion: %s", type(error).__name__)
        return None


def _about(memory: Memory | None) -> Memory | None:
    """What the thread is about without what was written in it: reasons, and how words were heard."""
    if memory is None or memory.last is None:
        return memory
    inputs = {name: value for name, value in memory.last.inputs.items() if name not in _FREE}
    return memory.model_copy(update={"last": memory.last.model_copy(update={"inputs": inputs, "heard": {}})})


def accepted(
    said: Proposal, spec: PlaybookSpec, hearing: Hearing, memory: Memory | None, vocabulary: frozenset[str]
) -> dict[str, Any]:
    """The proposed values that the person's own words hold, resolved in the catalogue.

    vocabulary: words that no one uses as a name; any other may be one misspelt.
    """
    weighing = _Weighing(spec, hearing, memory, vocabulary)
    kept: dict[str, Any] = {}
    for slot in sorted(spec.slots, key=lambda slot: slot.kind != "model"):  # versions and KPIs are a model's
        value = said.inputs.get(slot.name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            found = weighing.weigh(slot, str(value)[:LONGEST_VALUE].strip().lower(), kept)
            if found is not None:
                kept[slot.name] = found
    return kept


@dataclass(frozen=True)
class _Weighing:
    spec: PlaybookSpec
    hearing: Hearing
    memory: Memory | None
    vocabulary: frozenset[str]

    @property
    def catalogue(self) -> Catalogue:
        return self.hearing.catalogue

    def weigh(self, slot: SlotSpec, value: str, kept: dict[str, Any]) -> Any:
        """`value` resolved, None when nobody said it. Times, schedules and texts are read from the words alone."""
        if slot.kind in {"percent", "replicas", "run", "schedule", "alert", "reminder"}:
            return self._number(slot.kind, value)
        model = kept.get("model") or self._only_model()
        readers: dict[str, Callable[[], Any]] = {
            "model": lambda: self._model(value),
            "version": lambda: self._version(value, model),
            "kpi": lambda: self._kpi(value, model),
            "person": lambda: self._person(value),
            "fault": lambda: next((m.value for m in self.hearing.faults if m.value == value.replace(" ", "_")), None),
        }
        return readers.get(slot.kind, lambda: None)()

    def _number(self, kind: str, value: str) -> int | None:
        said = {m.value for m in self.hearing.of_kind(kind) if m.value is not None}
        number = re.fullmatch(r"#?(\d{1,9})(?:\.0)?\s?%?", value)
        return int(number[1]) if number and int(number[1]) in said else None

    def _model(self, value: str) -> str | None:
        named = {m.value for m in names.models(value, self.catalogue)}
        if len(named) != 1:
            return None
        model = str(next(iter(named)))
        if self.hearing.models:
            return model if model in {m.value for m in self.hearing.models} else None
        strange = self._strange()
        meant = {near[0] for near in (names.near_models(word, self.catalogue) for word in strange) if len(near) == 1}
        if meant == {model}:
            return model
        remembered = self.memory.model if self.memory and self.spec.risk == "read" and not strange else None
        return model if model == remembered else None

    def _only_model(self) -> str:
        """The one model of the words, else what is remembered and pointed at, else ""."""
        found = {str(m.value) for m in self.hearing.models}
        if len(found) == 1:
            return next(iter(found))
        pointed = self.memory and not found and (self.hearing.points_back or self.spec.risk == "read")
        return (self.memory.model or "") if self.memory and pointed else ""

    def _version(self, value: str, model: str) -> str | None:
        if sum(slot.kind == "version" for slot in self.spec.slots) >= _PAIR:
            return None  # which of two is which, the words alone tell
        sides = self.hearing.sides
        leaves = any(slot.kind == "blamed" for slot in self.spec.slots)
        meant = said_versions.named(_spelt(value), model, self.catalogue)
        away = (*sides.culprits, *((*sides.taken_back, *sides.unclear) if leaves else ()))
        left = {plain(v) for v in away} | {plain(said_versions.named(v, model, self.catalogue) or v) for v in away}
        if self.spec.risk != "read" and left & {plain(_spelt(value)), plain(meant or _spelt(value))}:
            return None  # blamed, or perhaps so: no model may turn it into where to go
        said = [m.value for m in self.hearing.versions]
        said += [f"v{m.value}" for m in self.hearing.bare("version")] if not said else []
        said = [word for word in said if self.spec.risk == "read" or word not in sides.culprits]
        said += [name for name, words in _VERSION_WORDS.items() if words.search(self.hearing.core)]
        known = {said_versions.named(str(word), model, self.catalogue) for word in said}
        return meant if meant is not None and meant in known else None

    def _kpi(self, value: str, model: str) -> str | None:
        wanted = value.replace(" ", "_")
        entries = dict(self.catalogue.kpis.get(model, ()))
        if wanted not in entries:
            return None
        if (model, wanted) in {m.value for m in self.hearing.kpis}:
            return wanted
        near = {name for name, more in entries.items() if self._near((name.replace("_", " "), *more))}
        return wanted if near == {wanted} and not self.hearing.kpis else None

    def _person(self, value: str) -> str | None:
        if self.hearing.people:
            return next((str(m.value) for m in self.hearing.people if m.value == value), None)
        called = {person: (person, *self.catalogue.called.get(person, ())) for person in self.catalogue.people}
        near = {person for person, words in called.items() if self._near(words)}
        return value if near == {value} else None

    def _near(self, phrases: Iterable[str]) -> bool:
        """Whether a word that nobody uses otherwise, with its neighbours, looks like one of `phrases`."""
        strange = set(self._strange())
        spoken = re.findall(r"[\w-]+", self.hearing.core)
        for phrase in phrases:
            size = len(phrase.split())
            for start in range(len(spoken) - size + 1):
                part = spoken[start : start + size]
                if strange & set(part) and fuzz.ratio(" ".join(part), phrase.lower()) >= NEAR:
                    return True
        return False

    def _strange(self) -> list[str]:
        """Words that no example uses: perhaps a name misspelt."""
        found = _WORD.findall(self.hearing.core)
        return [word for word in found if word not in self.vocabulary and word.removesuffix("s") not in self.vocabulary]


def _spelt(version: str) -> str:
    """ "3", "version 3" and "v3" are "v3"; "latest" and the like stay."""
    m = re.fullmatch(r"(?:version |ver\.? ?|v\.? ?)?(\d+(?:\.\d+)*[a-z]?)", version)
    return f"v{m[1]}" if m else version
