"""The request before with another value: "and demand?", "no, for february", "lets say 15%", "do it again"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bizaiops_bot.domain.routing import Command, PlaybookSpec
from bizaiops_bot.router import light
from bizaiops_bot.router.followup import AND, NO_BUT, Resumed
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots import cron, shifted, versions, windows
from bizaiops_bot.router.slots.mention import Mention

_AGAIN = re.compile(
    r"^(?:please |ok |now |and )*(?:(?:do|run|try|show|send) (?:it|that|this|the same)(?: thing)? "
    r"(?:again|once more)|do the same|the same|same again|same|again|once more|"
    r"one more time|repeat(?: that| it| this)?|retry)\b(?: thing)?"
)
_INSTEAD = re.compile(r"(?:\b(?:instead|rather|i meant?)(?: please)?|,? not (?:the )?[\w%-]+)[.! ]*$")
_ONLY = re.compile(r"^(?:only|just)\b")
_OTHER = re.compile(r"\b(?:the )?other (?:one|model)\b")
_TIME_ALONE = re.compile(r"(?:at )?(\d{1,2}(?:[:.]\d\d)?(?: ?[ap]m)?)(?: o'clock)?(?: instead| please| rather)?[.! ]*")
_MOST_WORDS = 14
_SAID_BEFORE = re.compile(
    r"\b(?:you (?:gave|showed|said|took|sent)|(?:that|this|it) (?:is|was|s)|(?:that|it)'s)\b[^,.;!?]*$"
)
"""Before a value that the answer had, not one that is wanted: "you gave me 7 days"."""
_OF_MODEL = frozenset({"version", "other", "versions", "run", "alert", "kpi"})
"""Of one model alone, so that it goes when another one is asked for."""
_UNIT = re.compile(
    r"\b(?:in|as|into) (?:a )?(?:percent(?:age)?s?|%|euros?|eur|dollars?|usd|pounds?|pieces|units|thousands|"
    r"millions|absolute (?:numbers|terms|values)|numbers|relative terms|points)\b"
)
_NO_VALUE = frozenset({"text", "time_zone", "blamed"})
_SUBJECT = frozenset({"model", "kpi"}) | _OF_MODEL
_MARKED = re.compile(
    r"\b(?:no|not|nope|nah|sorry|wrong|mean|meant|said|only|just|same|and|now|next|instead|rather|other|one|too|also|"
    r"there|then|again|about|for|show|send|please|pls|course|better)\b"
)
"""By which another model or KPI goes on with the request before, where more is said: "churn ok" asks anew."""
_VALUES = frozenset({"version", "percent", "strategy", "replicas", "cron", "until", "period", "later", "moment"})
"""Said alone they go on with the request before: "20%", "until friday". A model alone may begin something new."""


@dataclass
class Change:
    """What of the request before is said anew, and where: values by slot name, None for one that cannot be."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: list[tuple[int, int]] = field(default_factory=list)


def resumed(last: Command, spec: PlaybookSpec, hearing: Hearing) -> Resumed | None:
    """The last command with some values replaced, when the words are only that; None when they are something new."""
    text = hearing.lower.strip()
    how = _how(text, spec, hearing)
    if not how or len(text.split()) > _MOST_WORDS or (spec.risk != "read" and light.denied(text)):
        return None
    change = said_anew(last, spec, hearing)
    if change is None:
        return None
    if how == "correction" and (line := _other_time(text, last, spec)):
        change = Change({**change.values, **line}, [(0, len(hearing.lower))])
    if (m := unit(hearing)) and any(slot.kind == "kpi" for slot in spec.slots):
        change.spans.append(m.span())
    if how == "again" and (m := _AGAIN.search(hearing.lower)):
        change.spans.append(m.span())
    if change.values.keys() <= _SUBJECT and not (how != "and" or _MARKED.search(text) or _bare(hearing, change)):
        return None
    if not light.only_values(hearing, change.spans) or (not change.values and how != "again"):
        return None
    if spec.risk != "read" and (light.judged(hearing, change.spans) or _counts_from(text, spec, change)):
        return None
    stays = _not_replaced(last.inputs, change.values, spec)
    given = {name: value for name, value in {**stays, **change.values}.items() if value is not None}
    order = how not in {"and", "adding"} and not light.hedged(text) and light.plain(hearing, change.spans)
    return Resumed(last.playbook, given, how, order=order, changed=set(change.values))


def _not_replaced(known: dict[str, Any], anew: dict[str, Any], spec: PlaybookSpec) -> dict[str, Any]:
    """What was said before and stays: a share and a strategy each take the place of both."""
    ways = {slot.name for slot in spec.slots if slot.kind in {"percent", "strategy"}}
    return {name: value for name, value in known.items() if not (ways & anew.keys() and name in ways)}


def _counts_from(text: str, spec: PlaybookSpec, change: Change) -> bool:
    """Whether an amount is said that is none by itself: "2 more" than now, "no, under 20%"."""
    amounts = {slot.name for slot in spec.slots if slot.kind in {"percent", "replicas"}}
    return bool(amounts & change.values.keys()) and light.relative(text)


def _how(text: str, spec: PlaybookSpec, hearing: Hearing) -> str:
    for how, pattern in (("again", _AGAIN), ("and", AND), ("correction", NO_BUT)):
        if pattern.search(text):
            return how
    if _INSTEAD.search(text):
        return "correction"
    if any(hearing.of_kind(slot.kind) for slot in spec.slots if slot.kind in _VALUES):
        return "adding"
    return "and" if _ONLY.match(text) or _OTHER.search(text) or spec.risk == "read" else ""


def _bare(hearing: Hearing, change: Change) -> bool:
    """Whether nothing is said but the values."""
    text = hearing.lower
    left = "".join(" " if any(a <= i < b for a, b in change.spans) else char for i, char in enumerate(text))
    return not re.search(r"\w", left)


def said_anew(last: Command, spec: PlaybookSpec, hearing: Hearing) -> Change | None:
    """The values in the words that are not as before; None where they do not say which one is meant."""
    change = Change()
    for slot in spec.slots:
        if slot.kind in _NO_VALUE:
            continue
        mentions = [m for m in _mentions(slot.kind, last, hearing) if not _is_amount(m, spec, hearing)]
        if not mentions:
            continue
        if slot.kind == "version" and sum(s.kind == "version" for s in spec.slots) > 1:
            return _pair(spec, hearing, mentions)
        change.spans += [(m.start, m.end) for m in mentions]
        wanted = [m for m in mentions if not _disowned(m, spec, hearing)]
        if not wanted:
            continue
        if wanted[0].problem and spec.risk != "read":
            return None  # "0" is no canary of nothing: told as an impossible value
        if wanted[0].problem:
            change.values[slot.name] = None
            continue
        values = list({str(v): v for m in wanted if (v := _value(slot.kind, m.value)) is not None}.values())
        other = [v for v in values if not same(v, last.inputs.get(slot.name))] or values
        if len(other) > 1 and spec.risk != "read":
            return None
        if other:
            change.values[slot.name] = other[-1]
        if slot.kind == "kpi":
            change.values["model"] = wanted[-1].value[0]
    return _with_the_other(change, last, spec, hearing)


def _is_amount(mention: Mention, spec: PlaybookSpec, hearing: Hearing) -> bool:
    """Whether a bare number is taken for the share or the copies of the request, and for no version."""
    kinds = {slot.kind for slot in spec.slots} & {"percent", "replicas"}
    amounts = [m for kind in kinds for m in hearing.of_kind(kind)]
    bare = mention.kind == "version" and hearing.lower[mention.start : mention.end].strip().isdigit()
    return bare and any(m.start < mention.end and mention.start < m.end for m in amounts)


def _with_the_other(change: Change, last: Command, spec: PlaybookSpec, hearing: Hearing) -> Change:
    """ "The other one" is clear when there are two models; what is of one model goes with it."""
    rest = [model.name for model in hearing.catalogue.models if model.name != last.inputs.get("model")]
    has_model = any(slot.kind == "model" for slot in spec.slots) and last.inputs.get("model")
    m = _OTHER.search(hearing.lower)
    if m and has_model and not hearing.models and len(rest) == 1:
        change.values["model"] = rest[0]
        change.spans.append(m.span())
    if spec.risk == "read" and change.values.get("model") not in {None, last.inputs.get("model")}:
        of_model = [slot.name for slot in spec.slots if slot.name in _OF_MODEL and slot.name not in change.values]
        change.values |= dict.fromkeys(of_model)
    return change


def _mentions(kind: str, last: Command, hearing: Hearing) -> list[Mention]:
    if kind == "window":
        return windows_in(last, hearing)
    if kind == "kpi":
        return hearing.kpis or _kpi_by_a_word(last, hearing)
    found = hearing.of_kind(kind)
    if kind == "model":  # "churn rate" names no model
        found = [m for m in found if not any(k.start <= m.start and m.end <= k.end for k in hearing.kpis)]
    return found


def windows_in(last: Command, hearing: Hearing) -> list[Mention]:
    """Every span of time in the words; "the one before" is before the span that was asked for."""
    text, found = hearing.lower, []
    while (m := windows.find(text, hearing.catalogue.now, hearing.catalogue.time_zone)) is not None:
        found.append(m)
        text = f"{text[: m.start]}{' ' * (m.end - m.start)}{text[m.end :]}"
    before = shifted.before(text, last.inputs.get("window"), hearing.catalogue)
    return [*found, before] if before else found


def _kpi_by_a_word(last: Command, hearing: Hearing) -> list[Mention]:
    """ "The revenue one": a KPI of the model that was asked about, by a word that no other one of it has."""
    known = hearing.catalogue.kpis.get(str(last.inputs.get("model", "")), ())
    words = {
        name: set(re.findall(r"[a-z]{4,}", f"{name.replace('_', ' ')} {' '.join(titles)}".lower()))
        for name, titles in known
    }
    taken = {i for m in hearing.models for i in range(m.start, m.end)}
    for m in re.finditer(r"[a-z]{4,}", hearing.lower):
        having = [name for name, own in words.items() if m[0] in own]
        if len(having) == 1 and m.start() not in taken:
            return [Mention("kpi", m.start(), m.end(), (str(last.inputs["model"]), having[0]))]
    return []


def _pair(spec: PlaybookSpec, hearing: Hearing, mentions: list[Mention]) -> Change | None:
    """Two versions to compare, when both are said."""
    names = [slot.name for slot in spec.slots if slot.kind == "version"]
    values = list(dict.fromkeys(m.value for m in mentions))
    if len(values) != len(names):
        return None
    spans = [(m.start, m.end) for m in [*mentions, *hearing.models]]
    return Change(dict(zip(names, values, strict=True)), spans)


def other_meaning(again: Resumed, spec: PlaybookSpec, hearing: Hearing) -> dict[str, Any] | None:
    """What a number alone may mean beside what it was taken for: "make it 2" after "deploy v3 at 10%" may be v2."""
    slot = next((slot for slot in spec.slots if slot.kind == "version"), None)
    shares = [s.name for s in spec.slots if s.kind in {"percent", "replicas"} and again.changed == {s.name}]
    if slot is None or not shares or any(m.sure for m in hearing.of_kind("percent") + hearing.of_kind("replicas")):
        return None
    version = versions.named(f"v{again.given.get(shares[0])}", str(again.given.get("model")), hearing.catalogue)
    return {slot.name: version} if version is not None and version != again.given.get(slot.name) else None


def unit(hearing: Hearing) -> re.Match[str] | None:
    """A unit that the numbers shall be told in."""
    return _UNIT.search(hearing.lower)


def same(value: Any, known: Any) -> bool:
    """Whether a value is the one that is known; spans of time by their names."""
    if isinstance(value, dict) and isinstance(known, dict):
        return value.get("label") == known.get("label")
    return bool(value == known)


def _disowned(mention: Mention, spec: PlaybookSpec, hearing: Hearing) -> bool:
    before = hearing.lower[: mention.start]
    if mention.kind == "version" and spec.risk != "read" and mention.value in hearing.sides.culprits:
        return True
    return light.ends_in_not(before) or bool(_SAID_BEFORE.search(before))


def _other_time(text: str, last: Command, spec: PlaybookSpec) -> dict[str, Any]:
    """ "No, at 10" after "every monday at 9": the same days at that time."""
    slot = next((slot.name for slot in spec.slots if slot.kind == "cron"), "")
    fields = str(last.inputs.get(slot, "")).split()
    m = _TIME_ALONE.fullmatch(NO_BUT.sub("", f"{text} "))
    time = cron.time_only(m[1]) if m and len(fields) == 5 else None
    return {} if time is None or time.problem else {slot: " ".join([str(time.value), *fields[2:]])}


def _value(kind: str, value: Any) -> Any:
    if kind == "kpi":
        return value[1]
    return value[0] if kind == "cron" else value
