"""From a sentence to a typed question: the grammar's line, the filters its words give, and what is open here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bizaiops_bot.domain.questions import Inquiry
from bizaiops_bot.domain.routing import Catalogue, Memory
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.questions import grammar
from bizaiops_bot.router.questions.grammar import Rule
from bizaiops_bot.router.questions.words import Sentence

QUESTION = "answer_question"
_LONGEST = 120
"""Characters; a longer one tells a story."""
_TOLD_TO = re.compile(r"do (?!we|i|you|they|the|our|my|any|all|these|those|models?|deploys|rollbacks|runs|alerts)\b")
""" "Do deploy churn" is an order."""
_KINDS = {
    **{"deploy": "deploy", "deploys": "deploy", "rollback": "rollback", "rollbacks": "rollback"},
    **{"retrain": "retrain", "retrains": "retrain", "drift": "drift"},
}
_STATES = frozenset(
    {
        "failed",
        "rejected",
        "cancelled",
        "expired",
        "succeeded",
        "running",
        "waiting",
        "open",
        "closed",
    }
)
_MEASURES = {
    **{"errors": "errors", "latency": "latency", "slow": "latency", "quick": "latency", "drift": "drift"},
    **{"traffic": "requests", "accuracy": "quality", "ended": "end"},
}
_MEASURED = frozenset({"worst", "best", "compare"})
_OTHER = frozenset({"and", "which", "how", "MODEL", "WINDOW", "TODAY", "PERSON"})
_OF_MODEL = frozenset({"versions", "version", "other", "run", "alert", "kpi"})
"""Of one model alone, so it goes when another one is asked for."""
OF_KIND = frozenset({"release", "run", "approval", "alert", "rule", "person"})
OF_STATE = frozenset({"list", "count", "last", "first", "who", "why"})


@dataclass(frozen=True)
class Asked:
    """A question that was read: the playbook that answers it, with its inputs."""

    playbook: str
    inputs: dict[str, Any]


def read(hearing: Hearing, memory: Memory | None) -> Asked | None:
    """The typed question in the words, None for what is no question or not read for sure."""
    if len(hearing.core) > _LONGEST or hearing.percents or hearing.reason:
        return None
    if moods.mood(hearing.core) in {"injected", "elsewhere"}:
        return None
    polite = moods.opening(hearing.core)
    if _TOLD_TO.match(hearing.core[polite:]):
        return None
    for sentence in (Sentence(hearing), Sentence(hearing, polite))[: 2 if polite else 1]:
        if again := _again(sentence, memory):
            return again
        rule = grammar.read(sentence)
        if rule is not None and not unclear(sentence, rule):
            return asked(sentence, rule, memory)
    return None


def _again(sentence: Sentence, memory: Memory | None) -> Asked | None:
    """The question before with another name or time: "and demand?", "what about last month?"."""
    last = memory.last if memory else None
    words = sentence.words or ()
    if last is None or last.playbook not in _ASKED or not {word.tag for word in words} <= _OTHER:
        return None
    said = {word.mention.kind: word.mention.value for word in words if word.mention and not word.mention.problem}
    known = _FIELDS[last.playbook]
    changed: dict[str, Any] = {
        name: said[name] for name in ("model", "window", "person") if said.get(name) and name in known
    }
    if not changed or len(changed) != len([word for word in words if word.mention]):
        return None
    kept = {k: v for k, v in last.inputs.items() if k not in _OF_MODEL or "model" not in changed}
    return Asked(last.playbook, {**kept, **changed})


def unclear(sentence: Sentence, rule: Rule) -> bool:
    """Whether a name or a time cannot be used. Of a time that only says "now", nothing is used."""
    used = [kind for kind in sentence.mentions if kind != "WINDOW" or kind in rule.may]
    found = [m for kind in used for m in sentence.mentions[kind]]
    return any(m.problem or m.value is None or (isinstance(m.value, tuple) and m.kind == "model") for m in found)


def asked(sentence: Sentence, rule: Rule, memory: Memory | None) -> Asked | None:
    """The question of a line of the grammar, narrowed to what the words name; None where they leave too much open."""
    told = _Filters(sentence, rule, memory)
    fields = told.fields()
    if fields is None:
        return None
    subject, _, aggregate = rule.asks.partition(" ")
    if not aggregate:
        return Asked(subject, told.only_of(subject, fields))
    try:
        inquiry = Inquiry(subject=subject, aggregate=aggregate, **{**fields, **rule.fixed})
    except ValidationError:  # a name that no question can hold
        return None
    return Asked(QUESTION, inquiry.model_dump(mode="json", exclude_defaults=True))


@dataclass(frozen=True)
class _Filters:
    """What the words narrow the question to."""

    sentence: Sentence
    rule: Rule
    memory: Memory | None

    def fields(self) -> dict[str, Any] | None:
        """None when it stands for something that is not known here, or the words do not name one thing."""
        said: dict[str, Any] = {}
        for kind, name in (("MODEL", "model"), ("RUN", "run"), ("ALERT", "alert"), ("PERSON", "person")):
            values = self._values(kind)
            if len(values) > 1 and kind != "MODEL":
                return None
            if len(values) == 1:
                said[name] = values[0]
        if kpis := self.sentence.mentions["KPI"]:
            if len({m.value for m in kpis}) > 1:
                return None
            said["model"], said["kpi"] = kpis[0].value
        if versions := self._values("VERSION"):
            said["versions"] = tuple(versions)
        if (windows := self._values("WINDOW")) and "WINDOW" in self.rule.may:
            said["window"] = windows[0]
        said |= self._worded()
        return self._open_here(said)

    def only_of(self, playbook: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The inputs of a playbook that has the whole answer."""
        known: dict[str, Any] = {name: fields[name] for name in ("model", "run", "window") if name in fields}
        versions = fields.get("versions", ())
        known |= dict(zip(("version", "other"), versions, strict=False))
        return {name: known[name] for name in known if name in _TAKES.get(playbook, ())}

    def _values(self, kind: str) -> list[Any]:
        found: list[Any] = []
        for mention in self.sentence.mentions[kind]:
            found += [mention.value] if mention.value not in found else []
        return found

    def _worded(self) -> dict[str, Any]:
        """Kind, state, measure and "the last one" as their words say them."""
        tags = [word.tag for word in self.sentence.words or ()]
        subject, _, aggregate = self.rule.asks.partition(" ")
        said: dict[str, Any] = {}
        measures = [_MEASURES[tag] for tag in tags if tag in _MEASURES]
        if aggregate in _MEASURED and subject == "model" and measures:
            said["measure"] = measures[0]
        elif subject in OF_KIND and (kinds := [_KINDS[tag] for tag in tags if tag in _KINDS]):
            said["kind"] = kinds[0]
        if aggregate in OF_STATE and (states := [tag for tag in tags if tag in _STATES]):
            said["state"] = states[0]
        if "last" in tags and aggregate in {"why", "how_long"}:
            said["last"] = True
        return said

    def _open_here(self, said: dict[str, Any]) -> dict[str, Any] | None:
        """With the run, alert or model that the words leave to be known."""
        catalogue = self.sentence.hearing.catalogue
        about = self.rule.about.removesuffix(" or none")
        optional = self.rule.about.endswith(" or none")
        narrowed = any(said.get(name) for name in ("run", "alert", "model", "kind", "last", "person", "window"))
        if about == "run" and not narrowed and not said.get("versions"):
            found = open_run(self.memory, catalogue, ahead=self._ahead)
            said = said | ({"run": found} if found else {})
            if found is None and not optional:
                return None
        if about == "alert" and not narrowed:
            alert = open_alert(self.memory)
            said = said | ({"alert": alert} if alert else {})
        every = any(word.tag == "everything" for word in self.sentence.words or ())
        if about == "model" and "model" not in said and "run" not in said and not every:
            model = self.memory.model if self.memory else None
            if model is None and not optional and not said.get("versions"):
                return None
            said = said | ({"model": model} if model else {})
        return self._whose_version(said, catalogue)

    @property
    def _ahead(self) -> bool:
        """Whether it is asked for what is to come, so that a run that is over is not meant."""
        to_come = {"ahead", "expiry", "risk"}
        return self.rule.asks.endswith((" may", " will")) or self.rule.fixed.get("measure") in to_come

    def _whose_version(self, said: dict[str, Any], catalogue: Catalogue) -> dict[str, Any] | None:
        """A version is of a model: the one spoken of here, or the only one that has it."""
        versions = said.get("versions", ())
        if not versions or said.get("model"):
            return said
        having = [name for name, known in catalogue.versions.items() if set(versions) <= set(known)]
        here = self.memory.model if self.memory else None
        model = here if here in catalogue.versions else having[0] if len(having) == 1 else None
        return None if model is None else said | {"model": model}


_TAKES = {
    "check_safety": {"model", "version"},
    "show_changes": {"model", "window"},
    "explain_verdict": {"model", "version", "other", "run"},
    "show_kpis": {"model", "window"},
}
_FIELDS = {QUESTION: {"model", "window", "person"}, "check_safety": {"model"}, "show_changes": {"model", "window"}}
_ASKED = _FIELDS.keys()


def open_run(memory: Memory | None, catalogue: Catalogue, *, ahead: bool = False) -> int | None:
    """The run that is spoken of here: of this thread, the only one under way in this place, the person's own one of
    several; the newest of all where none is under way.

    ahead: one that is under way goes before one that the thread has spoken of.
    """
    spoken = memory and ((memory.last and memory.last.inputs.get("run")) or memory.run)
    under_way = catalogue.open_runs or ()
    mine = [run for run in under_way if run.mine]
    found = under_way if len(under_way) == 1 else mine
    only = found[0].number if len(found) == 1 else None
    if ahead and only is not None and spoken not in {run.number for run in under_way}:
        return only
    nothing = catalogue.last_run if catalogue.open_runs == () else None
    return int(spoken) if spoken else only or nothing


def open_alert(memory: Memory | None) -> int | None:
    """The alert that was asked for last in this thread."""
    said = memory.last.inputs.get("alert") if memory and memory.last else None
    return int(said) if said else None
