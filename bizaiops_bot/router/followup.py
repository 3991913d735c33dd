"""What short words mean after what was said before: answers, corrections, "and demand?", "do it again with 20%"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rapidfuzz import fuzz

from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, PlaybookSpec, Question, Refusal
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import cron

KEEP = timedelta(minutes=15)

_YES = re.compile(
    r"^(?:yes|yep|yeah|yup|y|sure|ok|okay|correct|right|exactly|do it|do that|go ahead|please do|"
    r"confirm|that'?s right|yes,? (?:please|do it|do that|go ahead))[.! ]*$"
)
_NO = re.compile(
    r"^(?:no|nope|nah|n|neither|none(?: of (?:them|these|those))?|never ?mind|forget it|cancel|stop|"
    r"abort|don'?t|no,? (?:thanks|thank you|don'?t|cancel|stop))[.! ]*$"
)
_ORDINALS = {
    "first": 0,
    "1st": 0,
    "1": 0,
    "one": 0,
    "second": 1,
    "2nd": 1,
    "2": 1,
    "two": 1,
    "third": 2,
    "3rd": 2,
    "3": 2,
    "three": 2,
    "fourth": 3,
    "4th": 3,
}
_ORDINAL = re.compile(
    rf"^(?:the |take |option |number |choose |use )*({'|'.join(_ORDINALS)}|last|latter|former)(?: one| "
    rf"option| choice)?(?:,? please)?[.! ]*$"
)
_AGAIN = re.compile(
    r"^(?:please |ok |now |and )*(?:(?:do|run|try|show|send) (?:it|that|this|the same)(?: thing)? "
    r"(?:again|once more)|do the same|the same|same again|same|again|once more|"
    r"one more time|repeat(?: that| it| this)?|retry)\b(?: thing)?"
)
_AND = re.compile(
    r"^(?:and|what about|how about|and what about|and how about|same for|the same for|also|and for|now for|now)\b"
)
_NO_BUT = re.compile(
    r"^(?:(?:no|nope|sorry|wait|actually|oops|correction|hm+|rather|i meant?|i mean|make (?:it|that)|"
    r"not \w+ but|change (?:it|that) to|use|with|for)[,:! ]+)+"
)
_INSTEAD = re.compile(r"\b(?:instead|rather|i meant?)[.! ]*$")
_VERB_FILLER = re.compile(
    r"\b(?:please|with|to|of|at|on|in|a|an|as|and|what|how|about|same|also|for|now|no|nope|sorry|wait|"
    r"actually|oops|correction|rather|"
    r"meant?|mean|make|that|change|use|not|but|instead|do|it|"
    r"again|thing|the|time|i|one|more|once|repeat|retry|this|run|show|send|try|percent|canary|me|hm+)\b|[\s,.!?:;-]+"
)
_MAX_WORDS = 10


@dataclass(frozen=True)
class Resumed:
    """A request that goes on from one before: the playbook with what is known, `order` False when it only asks ("and
    demand?").
    """

    playbook: str
    given: dict[str, Any]
    how: str
    order: bool = True
    changed: set[str] = field(default_factory=set)


def fresh(memory: Memory | None, now: datetime) -> Memory | None:
    """The memory, or None when it is older than 15 minutes."""
    return memory if memory and now - memory.at <= KEEP else None


def remember(memory: Memory | None, decision: Decision, now: datetime) -> Memory:
    """What the thread is about after `decision`. The number of a new run or schedule is set by whoever started it."""
    old = fresh(memory, now) or Memory(at=now)
    if isinstance(decision, Refusal):
        # After an unrelated no, a later "yes" must not wake an older question.
        kept = _as_question(decision) or _open(decision)
        return old.model_copy(update={"at": now, "pending": kept})
    if isinstance(decision, Question):
        return old.model_copy(
            update={"at": now, "pending": decision, "model": decision.pending.inputs.get("model") or old.model}
        )
    seen = {
        name: decision.inputs.get(name) or getattr(old, name) for name in ("model", "version", "kpi", "run", "schedule")
    }
    last = old.last if decision.playbook == "help" else decision
    return old.model_copy(update={"at": now, **seen, "last": last, "pending": None})


def _as_question(refusal: Refusal) -> Question | None:
    """A refusal that offers something can be answered with "yes" or a name."""
    if not refusal.choices or "playbook" not in refusal.choices[0].bind:
        return None
    pending = Command(playbook=refusal.choices[0].bind["playbook"], inputs={})
    return Question(text=refusal.why, slot="", choices=refusal.choices, pending=pending)


def _open(refusal: Refusal) -> Question | None:
    """A refused value leaves its blank open: "150%" is no canary share, "20%" after it goes on with the request."""
    known = refusal.heard.get("open")
    if not known:
        return None
    pending = Command(playbook=known["playbook"], inputs=known["inputs"])
    return Question(text=refusal.why, slot=known["slot"], choices=(), pending=pending, heard=refusal.heard)


def answered(question: Question, text: str) -> Choice | bool | None:
    """The choice that `text` (lower case) picks, False for a no, True for a yes to a question with several choices,
    None for neither.
    """
    said = text.strip().rstrip(".!")
    if _NO.match(text):
        return False
    choices = question.choices
    for choice in choices:
        if said in {choice.label.lower(), choice.command.lower()}:
            return choice
    if _YES.match(text):
        return choices[0] if len(choices) == 1 else True
    if (m := _ORDINAL.match(text)) and choices and not _names_value(question, said):
        index = len(choices) - 1 if m[1] in {"last", "latter"} else 0 if m[1] == "former" else _ORDINALS[m[1]]
        return choices[index] if index < len(choices) else None
    near = [choice for choice in choices if len(said) > 3 and fuzz.ratio(said, choice.label.lower()) >= 85]
    return near[0] if len(near) == 1 else None


def _names_value(question: Question, said: str) -> bool:
    """Whether a number is the value asked for rather than a place in the list ("2" to "how many replicas?")."""
    numeric = question.slot in {"replicas", "run", "schedule", "canary"} or any(
        choice.label.isdigit() for choice in question.choices
    )
    return numeric and said.rsplit(maxsplit=1)[-1] in {"one", "two", "three", "1", "2", "3"}


def slot_answer(question: Question, spec: PlaybookSpec, hearing: Hearing) -> Resumed | None:
    """The pending slot's value when the words hold it and nothing else."""
    slot = next((s for s in spec.slots if s.name == question.slot), None)
    if slot is None:
        return None
    line = str(question.pending.inputs.get(slot.name, ""))
    if "{time}" in line:
        time = cron.time_only(hearing.lower)
        if time is None or hearing.cron is not None:
            return None
        value: Any = None if time.problem else line.format(time=time.value)
    else:
        mentions = hearing.of_kind(slot.kind)
        if len(mentions) != 1 or hearing.residue({slot.kind, "time_zone"}):
            return None
        value = (
            mentions[0].value[0]
            if slot.kind == "cron" and mentions[0].value and not mentions[0].value[1]
            else mentions[0].value
        )
        if isinstance(value, tuple):
            return None
    given = {name: known for name, known in question.pending.inputs.items() if name != slot.name}
    if slot.kind == "cron" and hearing.zone and not hearing.zone.problem:
        given["time_zone"] = hearing.zone.value
    return Resumed(spec.name, given if value is None else {**given, slot.name: value}, "answer")


def resumed(last: Command, spec: PlaybookSpec, hearing: Hearing) -> Resumed | None:
    """The last command with some values replaced, when the words are only that; None when they are something new."""
    text = hearing.lower.strip()
    how = next(
        (how for how, pattern in (("again", _AGAIN), ("and", _AND), ("correction", _NO_BUT)) if pattern.search(text)),
        "",
    )
    how = how or ("correction" if _INSTEAD.search(text) else "")
    if not how or len(text.split()) > _MAX_WORDS:
        return None
    changes: dict[str, Any] = {}
    kinds: set[str] = set()
    for slot in spec.slots:
        mentions = [] if slot.kind in {"text", "time_zone"} else hearing.of_kind(slot.kind)
        if slot.kind == "version" and mentions and sum(s.kind == "version" for s in spec.slots) > 1:
            return None
        if mentions and all(m.value is not None for m in mentions):
            kinds.add(slot.kind)
            changes[slot.name] = _value(slot.kind, mentions[-1].value)
        elif mentions and mentions[0].problem:
            kinds.add(slot.kind)
            changes[slot.name] = None
    if "kpi" in kinds and "model" not in kinds:
        changes["model"] = hearing.kpis[-1].value[0]
    left = _VERB_FILLER.sub("", _blank(hearing, kinds))
    if left or (not changes and how != "again"):
        return None
    given = {name: value for name, value in {**last.inputs, **changes}.items() if value is not None}
    return Resumed(last.playbook, given, how, order=how != "and" and not text.endswith("?"), changed=set(changes))


def _value(kind: str, value: Any) -> Any:
    if kind == "kpi":
        return value[1]
    return value[0] if kind == "cron" else value


def _blank(hearing: Hearing, kinds: set[str]) -> str:
    spans = [(m.start, m.end) for kind in kinds for m in hearing.of_kind(kind)]
    return "".join(" " if any(a <= i < b for a, b in spans) else char for i, char in enumerate(hearing.lower))
