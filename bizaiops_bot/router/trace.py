"""How the router came to a decision, stage by stage, for people who want to see why. Decides nothing itself."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Sequence
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Command, Decision, Memory, PlaybookSpec, Question, Refusal
from bizaiops_bot.domain.values import Value
from bizaiops_bot.router import bands, doubts, guards, moods, shape, unused
from bizaiops_bot.router.classifier import Guess
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import NONE, Intent
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.router import Router
from bizaiops_bot.router.slots.mention import Mention

TOP = 5
KINDS = (
    "model",
    "version",
    "percent",
    "replicas",
    "run",
    "schedule",
    "alert",
    "kpi",
    "fault",
    "person",
    "window",
    "cron",
    "time_zone",
    "until",
    "period",
    "moment",
    "reminder",
    "reminded",
)
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


class Trace(Value):
    """Each stage as it sees the sentence, whether or not the decision came from it; docs/how-to tell the keys."""

    text: str
    thread: tuple[str, ...]
    guards: dict[str, Any]
    exact: dict[str, Any]
    local: dict[str, Any]
    doubts: dict[str, Any]
    language: dict[str, Any]
    slots: tuple[dict[str, Any], ...]
    decision: dict[str, Any]
    ms: float


async def trace(
    router: Router, text: str, catalogue: Catalogue, *, before: Sequence[str] = (), ask: bool = False
) -> Trace:
    """before: what was said in the thread till then. ask: a language model too, if the router has one."""
    memory = _remembered(router, before, catalogue)
    began = time.perf_counter()
    local = router.route(text, memory, catalogue)
    spent = (time.perf_counter() - began) * 1000
    decision = await router.decide(text, memory, catalogue, channel="route") if ask else local
    heard = router.hear(text, catalogue)
    told = _Told(router.parts, None if isinstance(heard, Refusal) else heard[0], decision)
    return Trace(
        text=text,
        thread=tuple(before),
        guards=_guarded(text, heard),
        exact=told.exact(),
        local=told.local(),
        doubts=told.doubts(),
        language=_language(router.parts, decision, asked=ask),
        slots=tuple(told.slots()),
        decision=_decision(decision),
        ms=round(spent, 2),
    )


def _remembered(router: Router, before: Sequence[str], catalogue: Catalogue) -> Memory | None:
    memory: Memory | None = None
    for said in before:
        memory = router.remember(memory, router.route(said, memory, catalogue), catalogue, catalogue.now)
    return memory


def _guarded(text: str, found: tuple[Hearing, dict[str, Any]] | Refusal) -> dict[str, Any]:
    if isinstance(found, Refusal):
        return {"kept": "", "cut": [], "corrected": {}, "dry_run": False, "refused": found.why}
    heard = found[1]
    kept = str(heard["text"])
    return {
        "kept": kept,
        "cut": _cut(text, str(heard.get("said", kept))),
        "corrected": heard.get("corrected", {}),
        "dry_run": bool(heard.get("dry_run")),
        "refused": "",
    }


def _cut(text: str, kept: str) -> list[str]:
    """What is in `text` and not in `kept`."""
    a, b = _TOKEN.findall(text), _TOKEN.findall(kept)
    found = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    gone = ["".join(a[start:end]).strip() for tag, start, end, _, _ in found if tag in ("delete", "replace")]
    return [part for part in gone if part]


class _Told:
    """What each stage makes of one hearing; None where the guards let nothing through."""

    def __init__(self, parts: Parts, hearing: Hearing | None, decision: Decision) -> None:
        self._parts, self._hearing, self._decision = parts, hearing, decision
        self._guesses: list[Guess] = parts.classifier.rank(hearing.canonical(), TOP) if hearing is not None else []

    def exact(self) -> dict[str, Any]:
        found = self._parts.formats.match(self._hearing) if self._hearing is not None else None
        if found is None:
            return {"matched": False, "intent": "", "unknown": ""}
        return {"matched": not found.unknown, "intent": found.intent.name, "unknown": found.unknown}

    def local(self) -> dict[str, Any]:
        mine = [g for g in self._guesses if self._risk(g.intent) != "none"]
        out = sum(g.p for g in self._guesses if self._risk(g.intent) == "none")
        risk = self._risk(mine[0].intent) if mine else "none"
        return {
            "read_as": self._hearing.canonical() if self._hearing is not None else "",
            "guesses": [_guess(g, self._risk(g.intent)) for g in self._guesses],
            "out_of_scope": round(float(out), 4),
            "limits": {"act": bands.ACT[risk], "clarify": bands.CLARIFY} if mine else {},
            "band": bands.band(mine, risk) if mine else "refuse",
        }

    def doubts(self) -> dict[str, Any]:
        """Reasons to ask back before anything is changed, about the intent that was decided or is likeliest."""
        hearing, intent = self._hearing, self._intent()
        if hearing is None:
            return {}
        core = hearing.core
        found: dict[str, Any] = {
            "intent": intent.name if intent else "",
            "mood": moods.mood(core),
            "supposed": moods.supposed(core),
            "rambling": bool(intent and doubts.rambling(hearing, intent)),
            "several": list(moods.several(core) or ()),
            "mixed": guards.mixed(str(self._decision.heard.get("text", ""))),
            "misspelt": bool(self._decision.heard.get("doubtful")),
        }
        spec = self._spec(intent)
        if intent is not None and spec is not None and intent.risk != "read":  # a read may be guessed
            asked = self._decision if isinstance(self._decision, Command) else getattr(self._decision, "pending", None)
            inputs = asked.inputs if isinstance(asked, Command) else {}
            found |= {
                "own_words": doubts.said(core, intent),
                "against": doubts.has(core, intent.against),
                "unused_values": list(unused.left(hearing, intent, spec, inputs)),
                "unsaid_who": doubts.unsaid_who(hearing, spec),
                "built_as_order": shape.is_order(hearing, intent, spec),
            }
        return found

    def slots(self) -> list[dict[str, Any]]:
        """Every value in the words, in their order; `slot` is the blank of the playbook that it can fill."""
        hearing, intent = self._hearing, self._intent()
        if hearing is None:
            return []
        spec = self._spec(intent)
        blanks = {slot.kind: slot.name for slot in reversed(spec.slots if spec else ())}
        found = {(m.start, m.end, kind): m for kind in KINDS for m in hearing.of_kind(kind)}
        return [_slot(m, kind, blanks, hearing) for (_, _, kind), m in sorted(found.items(), key=lambda one: one[0])]

    def _intent(self) -> Intent | None:
        named = str(self._decision.heard.get("intent", ""))
        mine = [g.intent for g in self._guesses if self._risk(g.intent) != "none"]
        return self._parts.intents.get(named) or (self._parts.intents.get(mine[0]) if mine else None)

    def _spec(self, intent: Intent | None) -> PlaybookSpec | None:
        return self._parts.specs.get(intent.playbook) if intent else None

    def _risk(self, name: str) -> str:
        intent = self._parts.intents.get(name)
        return intent.risk if intent else NONE


def _guess(guess: Guess, risk: str) -> dict[str, Any]:
    scores = {name: round(float(getattr(guess, name)), 4) for name in ("p", "near", "sure")}
    return {"intent": guess.intent, "risk": risk, **scores}


def _slot(mention: Mention, kind: str, blanks: dict[str, str], hearing: Hearing) -> dict[str, Any]:
    said = hearing.core[mention.start : mention.end]
    return {
        "kind": kind,
        "said": said.strip(),
        "value": _plain(mention.value),
        "problem": mention.problem,
        "sure": mention.sure,
        "slot": blanks.get(kind, ""),
    }


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Value):
        return value.model_dump(mode="json")
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool | dict) else str(value)


def _language(parts: Parts, decision: Decision, *, asked: bool) -> dict[str, Any]:
    """state: "off" (no model, or not asked for), "not needed", "no answer" or "answered"."""
    heard = decision.heard.get("language")
    if not asked or parts.language is None:
        return {"state": "off", "heard": {}}
    if not isinstance(heard, dict):
        return {"state": "not needed", "heard": {}}
    return {"state": "no answer" if heard.get("answered") is False else "answered", "heard": heard}


def _decision(decision: Decision) -> dict[str, Any]:
    """The whole of it; `kind` is "command", "question", "refusal" or "remark"."""
    kind = type(decision).__name__.lower()
    playbook, inputs, told, slot = "", {}, "", ""
    if isinstance(decision, Command):
        playbook, inputs = decision.playbook, decision.inputs
    elif isinstance(decision, Question):
        playbook, inputs, told, slot = decision.pending.playbook, decision.pending.inputs, decision.text, decision.slot
    else:
        told = decision.why if isinstance(decision, Refusal) else decision.text
    choices = [] if isinstance(decision, Command) else [choice.label for choice in decision.choices]
    return {
        "kind": kind,
        "stage": decision.heard.get("stage", ""),
        "playbook": playbook,
        "inputs": inputs,
        "told": told,
        "slot": slot,
        "choices": choices,
        "heard": decision.heard,
    }
