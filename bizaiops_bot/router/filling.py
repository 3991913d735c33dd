"""Stage 4: the typed blanks of a playbook, filled from words, memory and catalogue; what cannot be is asked back or
refused.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Choice, Command, Memory, PlaybookSpec, Question, Refusal, SlotSpec
from bizaiops_bot.router.formats import said, say
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent, SlotHint
from bizaiops_bot.router.slots import names, people, until, words
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.target import target

_UNKNOWN_MODEL = re.compile(
    r"\b(?:the |our |my )?([a-z][\w-]{2,}) models?\b|\bmodel (?:called |named )?([a-z][\w-]{2,})\b"
)
_WORD = re.compile(r"[a-z][a-z_-]{3,}")
_ORDER_ITSELF = re.compile(
    r"(?:please |pls |so |and |then |just )*(\w+)(?: (?:it|that|this|run #?\d+))?(?: please| pls)?"
)
"""What is no reason: "decline it" of "run 7 must not go out, decline it"."""
_PAIR = 2
MOST_CHOICES = 8
"""Buttons of one question; more are named in words only ("or one of 500 more")."""


class Back(Exception):
    """The request cannot be finished yet: the Question or Refusal to give instead.

    slot: whose value was refused, when another value for it can still finish the request.
    """

    def __init__(self, decision: Question | Refusal, slot: str = "") -> None:
        super().__init__(decision)
        self.decision, self.slot = decision, slot


@dataclass
class Filling:
    """Fills the slots of one playbook from one hearing. `given` is known already and wins over words and memory.

    kept: what the person said of the same request a moment ago, while it is open: for slots of which these words say
    nothing. `recalled` has those that were filled so.
    vocabulary: words that no one uses for a model; others may be a name misspelt.
    """

    intent: Intent
    spec: PlaybookSpec
    hearing: Hearing
    memory: Memory | None
    vocabulary: frozenset[str]
    unknown: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    recalled: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return self.hearing.catalogue

    def run(self) -> dict[str, Any]:
        """The inputs, JSON-able and by slot name. Raises Back."""
        self.inputs = {}
        for slot in self._in_order():
            value = self._value(slot)
            if value is not None:
                self.inputs[slot.name] = value
            elif slot.required:
                raise Back(self._ask(slot))
        return self.inputs

    def partial(self) -> dict[str, Any]:
        """As much as can be filled; never raises."""
        self.inputs = {}
        for slot in self._in_order():
            with suppress(Back):
                value = self._value(slot)
                if value is not None:
                    self.inputs[slot.name] = value
        return dict(self.inputs)

    def _in_order(self) -> list[SlotSpec]:
        return sorted(self.spec.slots, key=lambda slot: _ORDER.get(slot.kind, 9))

    def _value(self, slot: SlotSpec) -> Any:
        given = self.given.get(slot.name)
        if given is not None:
            return self._checked(slot, given)
        unsaid = slot.kind not in _READ_FIRST and not self.hearing.of_kind(slot.kind)
        value = None if unsaid and slot.name in self.kept else self._read(slot)
        return value if value is not None or slot.name not in self.kept else self._recall(slot)

    def _recall(self, slot: SlotSpec) -> Any:
        """The value that was said before, unless these words are about another model or version than that was."""
        about = {name: self.inputs[name] for name in ("model", "version") if name in self.inputs}
        if any(self.kept.get(name, value) != value for name, value in about.items()):
            return self._read(slot)
        self.recalled.append(slot.name)
        return self._checked(slot, self.kept[slot.name])

    def _read(self, slot: SlotSpec) -> Any:
        readers = {
            "model": self._model,
            "version": self._version,
            "blamed": self._blamed,
            "kpi": self._kpi,
            "window": self._window,
            "cron": self._cron,
            "time_zone": self._zone,
            "text": self._text,
            "fault": self._fault,
            "run": self._number,
            "schedule": self._number,
            "alert": self._number,
            "person": self._person,
            "until": self._until,
            "period": self._period,
            "later": self._later,
            "moment": self._moment,
            "reminder": self._number,
            "reminded": self._reminded,
            "percent": self._number,
            "replicas": self._number,
        }
        return readers.get(slot.kind, self._text)(slot)

    def _checked(self, slot: SlotSpec, value: Any) -> Any:
        """A value known from before, looked up again: the catalogue may have changed, or the model with it."""
        if slot.kind == "model" and value not in {model.name for model in self.catalogue.models}:
            raise Back(self._no_model(str(value)))
        if slot.kind == "version":
            return self._known_version(slot, str(value))
        if slot.kind == "blamed" and self.inputs.get("version"):
            return None  # where to go is said
        if slot.kind == "person" and value not in self.catalogue.people:
            return None
        if slot.kind == "cron" and "{time}" in str(value):
            raise Back(self._what_time(slot, str(value)))
        if slot.kind == "kpi" and value not in {
            name for name, _ in self.catalogue.kpis.get(self.inputs.get("model", ""), ())
        }:
            return None
        return value

    # models

    def _model(self, slot: SlotSpec) -> str | None:
        hearing = self.hearing
        inside = [
            m
            for m in hearing.models
            if any(k.start <= m.start and m.end <= k.end and k.end - k.start > m.end - m.start for k in hearing.kpis)
        ]
        found = list(dict.fromkeys(m.value for m in hearing.models if m not in inside)) or list(
            dict.fromkeys(m.value for m in inside)
        )
        if len(found) > 1:
            alike = len({(m.start, m.end) for m in hearing.models if m.value in found}) == 1
            ask = "Which model do you mean" if alike else "One model at a time"
            raise Back(self._choose(slot, f"{ask}: {_either(found)}?", found))
        if found:
            return str(found[0])
        self._refuse_unknown_model()
        by_kpi = list(dict.fromkeys(model for model, _ in (m.value for m in hearing.kpis)))
        if by_kpi and any(s.kind == "kpi" for s in self.spec.slots):
            return self._model_of_kpi(slot, by_kpi)
        if self.memory and self.memory.model and self._may_remember(slot):
            return self.memory.model
        only = [model.name for model in self.catalogue.models]
        return only[0] if slot.required and len(only) == 1 and not self._strange() else None

    def _model_of_kpi(self, slot: SlotSpec, owners: list[str]) -> str:
        """The one model that has the KPI; of several the one the thread is about, else the question which."""
        if len(owners) == 1:
            return owners[0]
        if self.memory and self.memory.model in owners:
            return str(self.memory.model)
        raise Back(self._choose(slot, f"Several models have that KPI. Which one: {_either(owners)}?", owners))

    def _may_remember(self, slot: SlotSpec) -> bool:
        numbered = [s.kind for s in self.spec.slots if s.kind in {"run", "schedule"}]
        if self.hearing.points_back:
            # "send it now" is about the schedule, when there is one, not about the model.
            return slot.required or not any(getattr(self.memory, kind) for kind in numbered)
        return slot.required and self.intent.risk == "read" and not self._strange()

    def _strange(self) -> list[str]:
        """Words that no example uses and no extractor claims: perhaps a name."""
        claimed = [
            m
            for kind in ("version", "percent", "replicas", "kpi", "fault", "window", "cron", "time_zone")
            for m in self.hearing.of_kind(kind)
        ]
        found = [
            m
            for m in _WORD.finditer(self.hearing.core)
            if m[0].removesuffix("s") not in self.vocabulary and m[0] not in self.vocabulary
        ]
        return [m[0] for m in found if not any(m.start() < c.end and c.start < m.end() for c in claimed)]

    def _refuse_unknown_model(self) -> None:
        strange = self._strange()
        for word in strange:
            if near := names.near_models(word, self.catalogue):
                raise Back(self._no_model(word, near))
        m = _UNKNOWN_MODEL.search(self.hearing.core)
        name = next((g for g in m.groups() if g in strange), "") if m else ""
        if self.unknown or name:
            raise Back(self._no_model(self.unknown or name))

    def _no_model(self, name: str, near: list[str] | None = None) -> Refusal:
        known = [model.name for model in self.catalogue.models]
        close = near if near is not None else names.near_models(name.lower(), self.catalogue)
        rest = {slot: value for slot, value in self.given.items() if slot != "model"}
        choices = tuple(
            self._choice("model", model, label=f"Yes, {model}" if len(close) == 1 else model, rest=rest)
            for model in close[:3]
        )
        hint = f"Did you mean {_either(close[:3])}?" if close else f"I know {_list(known)}."
        return Refusal(
            why=f"There is no model {name[:60]!r}. {hint}", help="Say `models` to see what we have.", choices=choices
        )

    # versions

    def _version(self, slot: SlotSpec) -> str | None:
        pair = [s.name for s in self.spec.slots if s.kind == "version"]
        if len(pair) == _PAIR:
            return self._pair()[pair.index(slot.name)]
        if self._leaves():
            return self._target(slot)
        hint = self.intent.slots.get(slot.name, SlotHint())
        mentions = [
            m
            for m in self.hearing.of_kind("version")
            if not self._after(m, hint.not_after)
            and m.value not in hint.ignore
            and (self.spec.risk == "read" or m.value not in self.hearing.sides.culprits)
        ]
        exact = [m for m in mentions if m.value not in names.NAMED_VERSIONS] or mentions
        found = list(dict.fromkeys(m.value for m in exact))
        if len(found) > 1:
            raise Back(self._choose(slot, f"Which version: {_either(found)}?", found))
        return self._known_version(slot, found[0]) if found else None

    def _leaves(self) -> bool:
        """Whether the request leaves a version, so that one that is named may be blamed for it."""
        return any(slot.kind == "blamed" for slot in self.spec.slots)

    def _target(self, slot: SlotSpec) -> str | None:
        """The version to go back to. None: the one before what is blamed, or before what serves."""
        model = str(self.inputs.get("model", ""))
        found = target(self.hearing.sides, model, self.catalogue)
        for version in (found.goal, found.blamed):
            if version:
                self._known_version(slot, version)
        if found.open:
            known = list(found.open)
            raise Back(self._choose(slot, f"Which version shall {model} go back to: {_either(known)}?", known))
        if found.nowhere:
            why = f"There is no version of {model} to go back to but those that are blamed. Nothing was started."
            raise Back(Refusal(why=why, help=f"Say `history of {model}` to see what was released."))
        return self._known_version(slot, found.goal) if found.goal else None

    def _blamed(self, slot: SlotSpec) -> str | None:
        """What is to lose its traffic, where no goal is said; of what is open too, as the playbook looks again."""
        if self.inputs.get("version"):
            return None
        found = target(self.hearing.sides, str(self.inputs.get("model", "")), self.catalogue)
        return found.blamed or next(iter(found.open), None)

    def _pair(self) -> list[str | None]:
        """Two versions to compare: as said, else the one said against the stable one, else the previous one against
        it. Where a playbook can do without, those said.
        """
        model = self.inputs.get("model", "")
        slots = [s for s in self.spec.slots if s.kind == "version"]
        heard = [self._known_version(slots[0], m.value) for m in self.hearing.of_kind("version")]
        found = list(dict.fromkeys(heard))
        stable, previous = self.catalogue.stable.get(model), self.catalogue.previous.get(model)
        if len(found) >= _PAIR or not all(slot.required for slot in slots):
            return [*found, None, None][:_PAIR]
        if found:
            return [stable if found[0] != stable else previous, found[0]]
        return [previous, stable]

    def _known_version(self, slot: SlotSpec, value: str) -> str:
        model = self.inputs.get("model", "")
        version = names.version(value, model, self.catalogue)
        if version is None:
            known = names.newest_first(self.catalogue.versions.get(model, ()))
            what = (
                f"{model} has no {value} version"
                if value in names.NAMED_VERSIONS
                else f"{model} has no version {value}"
            )
            choices = tuple(self._choice(slot.name, v) for v in known[:3])
            raise Back(Refusal(why=f"{what}. Known versions: {_list(known[::-1]) or 'none'}.", choices=choices))
        return version

    def _after(self, mention: Mention, before: tuple[str, ...]) -> bool:
        return self.hearing.core[: mention.start].rstrip().endswith(before) if before else False

    # people, numbers, times, words

    def _person(self, slot: SlotSpec) -> str | None:
        heard = self.hearing.people
        meant = [m for m in heard if people.takes_part(self.hearing.core, m)]
        found = list(dict.fromkeys(m.value for m in meant or heard))
        if len(found) > 1:
            raise Back(self._choose(slot, f"One person at a time: {_either(found)}?", found))
        if not found and (name := people.unknown(self.hearing.core)):
            known = list(self.catalogue.people)
            raise Back(
                self._choose(slot, f"I know nobody called {name[:60]!r}. Whom do you mean: {_either(known)}?", known)
            )
        return str(found[0]) if found else None

    def _reminded(self, slot: SlotSpec) -> str | None:
        found = list(dict.fromkeys(m.value for m in self.hearing.of_kind("reminded")))
        if len(found) > 1:
            raise Back(self._choose(slot, f"One person at a time: {_either(found)}?", found))
        if not found and (name := people.reminded_unknown(self.hearing.core)):
            known = list(self.catalogue.people)
            raise Back(
                self._choose(slot, f"I know nobody called {name[:60]!r}. Whom do you mean: {_either(known)}?", known)
            )
        return str(found[0]) if found else None

    def _until(self, slot: SlotSpec) -> Any:
        """None where the same words say when it begins as well, and there is a blank for that. A change of a model
        begins at once: "for the weekend" said on a Wednesday is no end of it.
        """
        if self.hearing.later and any(other.kind == "later" for other in self.spec.slots):
            return None
        if self.hearing.later and self.intent.risk == "change":
            raise Back(Refusal(why=until.AT_ONCE), slot.name)
        return _usable(self.hearing.until, slot.name)

    def _period(self, slot: SlotSpec) -> Any:
        return _usable(self.hearing.period, slot.name)

    def _later(self, slot: SlotSpec) -> Any:
        return _usable(self.hearing.later, slot.name)

    def _moment(self, slot: SlotSpec) -> Any:
        return _usable(self.hearing.moment, slot.name)

    def _number(self, slot: SlotSpec) -> int | None:
        mentions = self.hearing.of_kind(slot.kind)
        if not slot.required:
            mentions = [m for m in mentions if m.sure]
        not_after = self.intent.slots.get(slot.name, SlotHint()).not_after
        mentions = [m for m in mentions if not self._after(m, not_after)]
        for mention in mentions:
            if mention.problem:
                raise Back(Refusal(why=mention.problem), slot.name)
        found = list(dict.fromkeys(m.value for m in mentions))
        if len(found) > 1:
            raise Back(self._choose(slot, f"{_WHICH.get(slot.kind, 'Which one')}: {self._said(slot, found)}?", found))
        if found and any(m.guess for m in mentions) and self.intent.risk != "read":
            raise Back(self._choose(slot, f"Do you mean {slot.kind} {found[0]}?", found))
        if found:
            return int(found[0])
        remembered = getattr(self.memory, slot.kind, None) if slot.kind in {"run", "schedule"} and self.memory else None
        return int(remembered) if remembered and (self.hearing.points_back or slot.required) else None

    def _said(self, slot: SlotSpec, values: list[Any]) -> str:
        return _either([said(slot.name, value) for value in values])

    def _kpi(self, _: SlotSpec) -> str | None:
        model = self.inputs.get("model")
        mine = list(
            dict.fromkeys(name for owner, name in (m.value for m in self.hearing.kpis) if model in {None, owner})
        )
        if not mine and self.hearing.kpis:
            owner, name = self.hearing.kpis[0].value
            choice = self._choice("model", owner, rest={"kpi": name})
            raise Back(Refusal(why=f"{said('kpi', name)} is a KPI of {owner}, not of {model}.", choices=(choice,)))
        return str(mine[0]) if len(mine) == 1 else None

    def _window(self, slot: SlotSpec) -> Any:
        return _usable(self.hearing.window, slot.name)

    def _zone(self, slot: SlotSpec) -> Any:
        return _usable(self.hearing.zone, slot.name) or self.catalogue.time_zone

    def _cron(self, slot: SlotSpec) -> str | None:
        found = self.hearing.cron
        if found is not None and found.nearest:
            nearest = self._choice(slot.name, found.nearest)
            raise Back(Refusal(why=found.problem, choices=(nearest,)), slot.name)
        value = _usable(found, slot.name)
        if value is None:
            return None
        line, missing = value
        if missing:
            raise Back(self._what_time(slot, line))
        return str(line)

    def _what_time(self, slot: SlotSpec, line: str) -> Question:
        choices = tuple(self._choice(slot.name, line.format(time=time), label=label) for time, label in _TIMES)
        zone = self.inputs.get("time_zone") or self._zone(slot)
        pending = Command(playbook=self.spec.name, inputs={**self.inputs, "time_zone": zone, slot.name: line})
        return Question(text="At what time of day?", slot=slot.name, choices=choices, pending=pending)

    def _fault(self, slot: SlotSpec) -> str | None:
        found = list(dict.fromkeys(m.value for m in self.hearing.faults))
        if len(found) > 1:
            raise Back(self._choose(slot, f"Which fault: {_either([said('fault', f) for f in found])}?", found))
        return str(found[0]) if found else None

    def _text(self, slot: SlotSpec) -> str | None:
        if slot.name == "topic":
            return words.topic(self.hearing.text)
        if slot.name == "since":
            return self._since()
        if slot.name == "what":
            task = words.task(self.hearing.text, self.hearing.moment)
            return task.value if task else None
        if slot.name != "reason":
            return None
        loose = slot.name in self.intent.slots
        reason = self.hearing.reason or (words.loose_reason(self.hearing.text, self._order_end()) if loose else None)
        order = _ORDER_ITSELF.fullmatch(reason.value.lower()) if reason else None
        itself = order is not None and any(order[1].startswith(cue) for cue in self.intent.cues)
        return reason.value if reason and not itself else None

    def _since(self) -> str | None:
        """The beginning of a span that reaches until now; another one cannot be meant by "since"."""
        window = _usable(self.hearing.window, "since")
        if window is None:
            return None
        if datetime.fromisoformat(window["end"]) < self.catalogue.now - timedelta(minutes=5):
            why = f"I learn from all rows since a moment, not from {window['label']} alone."
            raise Back(Refusal(why=why, help="Say since when, for example `since monday` or `the last 30 days`."))
        return str(window["start"])

    def _order_end(self) -> int:
        """Behind the order itself and its values: a greeting before it is no reason, nor is the order."""
        kinds = {"run", "model", *({"period", "until"} & {slot.kind for slot in self.spec.slots})}
        ends = [m.end for kind in kinds for m in self.hearing.of_kind(kind)]
        cues = [m.end() for cue in self.intent.cues for m in re.finditer(rf"\b{re.escape(cue)}\w*", self.hearing.core)]
        return max([*ends, min(cues, default=0)])

    # questions

    def _ask(self, slot: SlotSpec) -> Question:
        hint = self.intent.slots.get(slot.name, SlotHint()).ask
        model = self.inputs.get("model", "")
        if slot.kind == "model":
            known = [m.name for m in self.catalogue.models]
            return self._choose(slot, f"Which model: {_either(known)}?", known)
        if slot.kind == "version":
            stable = self.catalogue.stable.get(model)
            bad = {stable, *self.hearing.sides.culprits}
            known = [v for v in names.newest_first(self.catalogue.versions.get(model, ())) if v not in bad][:4]
            return self._choose(
                slot, f"Which version of {model}: {_either(known)}?" if known else f"Which version of {model}?", known
            )
        if slot.kind == "fault":
            return self._choose(slot, hint or "Which fault?", list(names.FAULTS))
        if slot.kind == "cron":
            return self._choose(
                slot, hint or "How often, and at what time?", ["0 9 * * 1", "30 8 * * 1-5", "0 7 * * *"]
            )
        if slot.kind == "replicas":
            return self._choose(slot, hint or f"To how many replicas (1 to 50) shall I scale {model}?", [1, 2, 3])
        return self._choose(slot, hint or f"Which {slot.description.lower() or slot.name}?", self._other_meaning(slot))

    def _other_meaning(self, slot: SlotSpec) -> list[Any]:
        if slot.kind == "person":
            return list(self.catalogue.people)
        remembered = getattr(self.memory, slot.kind, None) if slot.kind in {"run", "schedule"} else None
        return [remembered] if remembered else []

    def _choose(self, slot: SlotSpec, text: str, values: list[Any]) -> Question:
        choices = tuple(self._choice(slot.name, value) for value in values[:MOST_CHOICES])
        pending = Command(playbook=self.spec.name, inputs=self.known(slot.name))
        return Question(text=text, slot=slot.name, choices=choices, pending=pending)

    def _choice(self, slot: str, value: Any, *, label: str = "", rest: dict[str, Any] | None = None) -> Choice:
        inputs = {**self._others(slot), **(rest or {}), slot: value}
        if slot == "version":
            inputs.pop("blamed", None)
        bind = {"playbook": self.spec.name, "inputs": json.dumps(inputs)}
        spoken = {name: known for name, known in inputs.items() if "{" not in str(known)}
        return Choice(label=label or said(slot, value), command=say(self.intent, spoken), bind=bind)

    def _not_meant(self) -> set[str]:
        """Versions said that are not, or not for certain, where to go."""
        sides = self.hearing.sides
        return {*sides.culprits, *((*sides.taken_back, *sides.unclear) if self._leaves() else ())}

    def known(self, wanted: str) -> dict[str, Any]:
        """What is understood so far, the slot `wanted` left out."""
        return {name: value for name, value in self._others(wanted).items() if name != wanted}

    def _others(self, wanted: str) -> dict[str, Any]:
        """What the words already say about the other slots, so that a click loses nothing."""
        inputs = {**self.given, **self.inputs}
        for slot in self.spec.slots:
            if slot.name == wanted or slot.name in inputs or slot.kind == "model":
                continue
            if slot.kind == "text":
                with suppress(Back):
                    inputs |= {slot.name: value} if (value := self._text(slot)) is not None else {}
                continue
            if slot.kind == "kpi":
                named = {name for _, name in (m.value for m in self.hearing.kpis)}
                inputs |= {slot.name: named.pop()} if len(named) == 1 else {}
                continue
            mentions = [m for m in self.hearing.of_kind(slot.kind) if not m.problem and m.sure]
            if slot.kind == "version":
                mentions = [m for m in mentions if m.value not in {*names.NAMED_VERSIONS, *self._not_meant()}]
            if slot.kind == "blamed":
                mentions = [m for m in mentions if m.value in self._not_meant() and "version" not in inputs]
            alike = [s.name for s in self.spec.slots if s.kind == slot.kind]
            if len(mentions) == len(alike) or 1 < len(alike) <= len(mentions):  # "compare v2 and v3" has one for each
                value = mentions[alike.index(slot.name)].value
                inputs[slot.name] = value[0] if slot.kind == "cron" else value
        return inputs


_READ_FIRST = frozenset({"model", "person", "text", "run", "schedule", "alert"})
"""Words may hold a name or a number of these that nobody knows, which has to be told."""
_ORDER = {
    "model": 0, "version": 1, "blamed": 2, "percent": 2, "replicas": 2, "kpi": 3, "window": 4, "time_zone": 5,
    "cron": 6,
}  # fmt: skip
_WHICH = {"percent": "Which share", "replicas": "How many replicas", "run": "One run at a time",
          "schedule": "One schedule at a time", "alert": "One alert at a time",
          "reminder": "One reminder at a time"}  # fmt: skip
_TIMES = (("0 8", "8:00"), ("0 9", "9:00"), ("0 17", "17:00"))


def _usable(mention: Mention | None, slot: str) -> Any:
    if mention is not None and mention.problem:
        raise Back(Refusal(why=mention.problem), slot)
    return mention.value if mention else None


def _either(values: list[str]) -> str:
    if len(values) > MOST_CHOICES:
        return f"{', '.join(values[:MOST_CHOICES])} or one of {len(values) - MOST_CHOICES} more (say its name)"
    return " or ".join([", ".join(values[:-1]), values[-1]]) if len(values) > 1 else "".join(values)


def _list(values: list[str]) -> str:
    if len(values) > MOST_CHOICES:
        return f"{', '.join(values[:MOST_CHOICES])} and {len(values) - MOST_CHOICES} more"
    return " and ".join([", ".join(values[:-1]), values[-1]]) if len(values) > 1 else "".join(values)
