"""What short words mean after what was said before: answers, corrections, "and demand?", "do it again with 20%"."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from rapidfuzz import fuzz

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, PlaybookSpec, Question, Refusal, Remark
from bizaiops_bot.router import light
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import cron
from bizaiops_bot.router.slots.mention import Mention

KEEP = timedelta(minutes=15)

YES = (
    r"(?:yes|yep|yeah|yup|y|ja|jo|sure|ok|okay|k|correct|right|exactly|absolutely|definitely|indeed|of course|do it|"
    r"do that|"
    r"go ahead|go for it|go on|please do|confirm|confirmed|that'?s (?:right|it|correct|the one)|that one|this one|"
    r"i do|i did|"
    r"let'?s go|\+1|\U0001f44d|\u2705|\U0001f44c)"
)
_COURTESY = r"(?:please|pls|plz|thanks|thx|thank you|that|\U0001f64f)"
_YES = re.compile(
    rf"^(?:{_COURTESY}[\s,.!]+)?{YES}(?![\w'-])(?:[\s,.!\ufe0f]*(?:{YES}|"
    rf"{_COURTESY})(?![\w'-]))*[\s,.!\ufe0f]*$"
)
_NO_WORD = (
    r"(?:no|nope|nah|n|nein|neither|none(?: of (?:them|these|those))?|never ?mind|forget (?:it|that|about (?:it|that))|"
    r"(?:cancel|stop|abort|scrap|drop)(?: (?:it|that|this)(?! (?:run|schedule)))?|"
    r"don'?t|do not|not (?:that|this|these|now)(?: one)?|leave it|skip it|thanks|thank you|sorry|please|\U0001f44e|"
    r"\u274c)"
)
_NO = re.compile(rf"^(?!thank|please|sorry)(?:{_NO_WORD}(?![\w'-])[\s,.!\ufe0f]*)+$")
_SEVERAL = re.compile(r"^(?:both|all|all of (?:them|these)|either|any|any of (?:them|these)|everything)[.!? ]*$")
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
    rf"option| choice)?(?:,? (?:please|pls|plz|thanks|thx))?[.! ]*$"
)
AND = re.compile(
    r"^(?:and|what about|how about|and what about|and how about|same for|the same for|also|and for|now for|now)\b"
)
NO_BUT = re.compile(
    r"^(?:(?:oh|no|nope|nah|sorry|wait|actually|oops|correction|hm+|uh+|um+|err?|rather|typo|my (?:bad|mistake)|"
    r"i meant?|"
    r"i mean|i (?:said|asked for|wanted|want)|(?:that'?s |that was |it'?s )?(?:the )?(?:wrong|not what i (?:said|meant|"
    r"asked for))(?: (?:one|model|version|number))?|not that(?: one)?|make (?:it|that)|"
    r"not (?:the )?[\w%-]+(?=,| but)(?: but)?|change (?:it|that) to|use|with|for)[,:! ]+)+"
)
MAX_WORDS = 10


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
    if isinstance(decision, Remark):
        # "Sorry" between a question and its answer ends nothing; a "yes" behind "thanks" is none to what was offered.
        open_ = old.pending if old.pending and old.pending.slot not in {"playbook", ""} else None
        kept = _as_question(decision) or open_
        return old.model_copy(update={"at": now, "pending": kept, "refused": "", "helped": ""})
    if isinstance(decision, Refusal):
        # After an unrelated no, a later "yes" must not wake an older question.
        kept = _as_question(decision) or _open(decision)
        return old.model_copy(
            update={"at": now, "pending": kept, "refused": decision.why, "helped": decision.help or old.helped}
        )
    explained = isinstance(decision, Command) and decision.playbook == "help" and bool(decision.inputs.get("topic"))
    old = old.model_copy(update={"refused": "", "helped": "", "explained": explained})
    if isinstance(decision, Question):
        return old.model_copy(
            update={
                "at": now,
                "pending": decision,
                "model": decision.pending.inputs.get("model") or old.model,
                "environment": decision.pending.inputs.get("environment") or old.environment,
            }
        )
    seen = {
        name: decision.inputs.get(name) or getattr(old, name) for name in ("model", "version", "kpi", "run", "schedule")
    }
    if decision.inputs.get("model"):
        seen["environment"] = decision.inputs.get("environment")
    last = old.last if decision.playbook == "help" else decision
    return old.model_copy(update={"at": now, **seen, "last": last, "pending": None})


def _as_question(refusal: Refusal | Remark) -> Question | None:
    """A refusal or remark that offers something can be answered with "yes" or a name."""
    if not refusal.choices or "playbook" not in refusal.choices[0].bind:
        return None
    pending = Command(playbook=refusal.choices[0].bind["playbook"], inputs={})
    text = refusal.why if isinstance(refusal, Refusal) else refusal.text
    return Question(text=text, slot="", choices=refusal.choices, pending=pending)


def _open(refusal: Refusal) -> Question | None:
    """A refused value leaves its blank open: "150%" is no canary share, "20%" after it goes on with the request."""
    known = refusal.heard.get("open")
    if not known:
        return None
    pending = Command(playbook=known["playbook"], inputs=known["inputs"])
    return Question(text=refusal.why, slot=known["slot"], choices=(), pending=pending, heard=refusal.heard)


def half_said(memory: Memory | None, playbook: str) -> dict[str, Any]:
    """What was said of a request for the playbook that is still open: said again in other words, it is not lost."""
    question = None if memory is None else memory.pending
    if question is None:
        return {}
    if question.pending.playbook == playbook and question.pending.inputs:
        return dict(question.pending.inputs)
    offered = [choice for choice in question.choices if choice.bind.get("playbook") == playbook]
    return dict(json.loads(offered[0].bind.get("inputs", "{}"))) if len(offered) == 1 else {}


def answered(question: Question, text: str) -> Choice | bool | None:
    """The choice that `text` (lower case) picks, False for a no, True for a yes to a question with several choices,
    None for neither.
    """
    said = text.strip().rstrip(".!")
    choices = question.choices
    if _NO.match(text) and not any(choice.command.startswith(said.split()[0]) for choice in choices):
        return False
    for choice in choices:
        if said in {choice.label.lower(), choice.command.lower()}:
            return choice
    if _YES.match(text) or (_SEVERAL.match(text) and choices):
        return choices[0] if len(choices) == 1 else True
    if (m := _ORDINAL.match(text)) and choices and not _names_value(question, m[1]):
        index = len(choices) - 1 if m[1] in {"last", "latter"} else 0 if m[1] == "former" else _ORDINALS[m[1]]
        return choices[index] if index < len(choices) else None
    # A value with digits is what it says: "every friday at 8:00" is not nearly "every day at 7:00".
    worded = [choice for choice in choices if len(said) > 3 and not re.search(r"\d", said + choice.label)]
    near = [choice for choice in worded if fuzz.ratio(said, choice.label.lower()) >= 85]
    return near[0] if len(near) == 1 else None


def _names_value(question: Question, said: str) -> bool:
    """Whether a number is the value asked for rather than a place in the list ("2" to "how many replicas?")."""
    numeric = question.slot in {"replicas", "run", "schedule", "alert", "canary"} or any(
        re.fullmatch(r"v?\d+", choice.label) for choice in question.choices
    )
    return numeric and said in {"one", "two", "three", "1", "2", "3"}


def slot_answer(question: Question, spec: PlaybookSpec, hearing: Hearing) -> Resumed | Question | None:
    """The pending slot's value when the words hold it and at most values of other slots; a question when the value is
    half of what is needed ("at 9" without a day).
    """
    slot = next((s for s in spec.slots if s.name == question.slot), None)
    if slot is None:
        return None
    if slot.kind == "cron":
        return _recurring(question, spec, slot.name, hearing)
    value = _one(slot.kind, hearing)
    if value is None or not _only(hearing, _said_kinds(spec, hearing) | {slot.kind}):
        return None
    said = {kind for kind in _said_kinds(spec, hearing) if not _is_that_number(kind, slot.kind, hearing)}
    others = {s.name for s in spec.slots if s.kind in said}
    given = {name: known for name, known in question.pending.inputs.items() if name not in others | {slot.name}}
    given = given if value is _REFUSED else {**given, slot.name: value}
    return Resumed(spec.name, given, "answer", order=not light.hedged(hearing.lower))


def _is_that_number(kind: str, asked: str, hearing: Hearing) -> bool:
    """Whether what may be of `kind` is but the bare number that answers: "10" to "which share?" names no version."""
    answer = [m for m in hearing.of_kind(asked) if hearing.lower[m.start : m.end].strip().isdigit()]
    mine = hearing.of_kind(kind)
    return kind != asked and all(any(m.start < a.end and a.start < m.end for a in answer) for m in mine)


def late_values(question: Question, specs: dict[str, PlaybookSpec], hearing: Hearing) -> Resumed | None:
    """A "Did you mean ..." answered with a value instead of a yes ("at 20%", "every Monday at 9"): the one choice it
    fits, with the value.
    """
    found = []
    for choice in question.choices:
        spec = specs.get(choice.bind.get("playbook", ""))
        kinds = _said_kinds(spec, hearing) if spec else set()
        if spec and kinds and _only(hearing, kinds):
            changed = {slot.name for slot in spec.slots if slot.kind in kinds}
            known = json.loads(choice.bind.get("inputs", "{}"))
            given = {name: value for name, value in known.items() if name not in changed}
            asks = light.hedged(hearing.lower) or bool(AND.match(hearing.lower.strip()))
            found.append(Resumed(spec.name, given, "answer", order=not asks, changed=changed))
    return found[0] if len(found) == 1 else None


_REFUSED = object()


def _one(kind: str, hearing: Hearing) -> Any:
    """The one value of `kind` in the words; None for none or several; _REFUSED for one that cannot be, which is told
    when the words are read again.
    """
    mentions = [m for m in _values(kind, hearing) if kind != "version" or m.value not in hearing.sides.culprits]
    if len(mentions) != 1 or isinstance(mentions[0].value, tuple) or light.denied(hearing.lower, mentions[0].start):
        return None
    return _REFUSED if mentions[0].value is None else mentions[0].value


def _values(kind: str, hearing: Hearing) -> list[Mention]:
    """With bare numbers where a version is asked for ("the 3")."""
    found = hearing.of_kind(kind)
    if found or kind != "version":
        return found
    return [replace(m, kind=kind, value=f"v{m.value}") for m in hearing.bare(kind) if m.value is not None]


def _said_kinds(spec: PlaybookSpec, hearing: Hearing) -> set[str]:
    """Kinds of this playbook's blanks that the words name for certain; a bare number names none."""
    kinds = {slot.kind for slot in spec.slots} - {"text", "time_zone", "window" if hearing.cron else "text"}
    return {kind for kind in kinds if any(mention.sure for mention in hearing.of_kind(kind))}


def _only(hearing: Hearing, kinds: set[str]) -> bool:
    return light.only_values(hearing, [(m.start, m.end) for k in kinds | {"time_zone"} for m in _values(k, hearing)])


def _recurring(question: Question, spec: PlaybookSpec, name: str, hearing: Hearing) -> Resumed | Question | None:
    """When to repeat: days and a time, or the half that was missing."""
    line = str(question.pending.inputs.get(name, ""))
    given = {key: known for key, known in question.pending.inputs.items() if key != name}
    if hearing.zone and not hearing.zone.problem:
        given["time_zone"] = hearing.zone.value
    said = hearing if hearing.cron else Hearing(f"every {hearing.text}", hearing.catalogue)
    if said.cron is not None:
        if not _only(said, {"cron"}):
            return None
        days, missing = said.cron.value or ("", "")
        if missing and "{days}" in line:
            return Resumed(spec.name, {**given, name: days.replace("{time}", line.removesuffix(" {days}"))}, "answer")
        return Resumed(spec.name, {**given, name: days} if days else given, "answer")
    time = cron.time_only(NO_BUT.sub("", f"{hearing.lower} "))
    if time is None or len(hearing.lower.split()) > MAX_WORDS:
        return None
    if "{time}" in line:
        return Resumed(spec.name, given if time.problem else {**given, name: line.format(time=time.value)}, "answer")
    return None if time.problem else _at_that_time(spec, name, given, line, str(time.value))


def _at_that_time(spec: PlaybookSpec, name: str, given: dict[str, Any], line: str, time: str) -> Resumed | Question:
    """The schedule that was said back, at another hour ("no, at 10"); else the days are to be asked for."""
    days = line.split()[2:]
    if len(days) == 3:
        return Resumed(spec.name, {**given, name: " ".join([time, *days])}, "answer")
    return _which_days(spec, name, given, time)


def _which_days(spec: PlaybookSpec, name: str, given: dict[str, Any], time: str) -> Question:
    def choice(days: str) -> Choice:
        line = f"{time} {days}"
        bind = {"playbook": spec.name, "inputs": json.dumps({**given, name: line})}
        return Choice(label=spoken(line), command=spoken(line), bind=bind)

    pending = Command(playbook=spec.name, inputs={**given, name: f"{time} {{days}}"})
    return Question(
        text="On which days?", slot=name, choices=tuple(map(choice, ("* * *", "* * 1-5", "* * 1"))), pending=pending
    )


_DISOWNS = re.compile(
    r"^(?:oh |sorry,? |wait,? |hm+,? )*(?:(?:(?:no|nope|nah|wrong)[,.!:]|not that(?: one)?[,.!:]|"
    r"(?:that'?s |that was )(?:wrong|not what i (?:said|meant|asked for|wanted))[,.!:]|"
    r"(?:never ?mind|nvm|(?:forget|scrap|cancel|drop|stop) (?:it|that|this))[,.!:]) *"
    r"(?:(?:i (?:meant|mean|said|wanted|asked for)|rather|instead|actually)[,: ]+)?|"
    r"i (?:meant|mean|said|wanted)[,: ]+(?:to )?)",
    re.IGNORECASE,
)


def behind_no(text: str) -> str:
    """What is asked for behind a beginning that disowns what was understood before; "" where there is none."""
    m = _DISOWNS.match(text)
    return text[m.end() :].strip() if m else ""
