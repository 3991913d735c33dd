"""What a sentence holds of values and its answer does not use: numbers, versions, times, shares, ids, limits.

Nothing of it is dropped in silence, whatever the request: an answer tells what it did not use, a change asks first.
What counts as a value is read from the words alone, what was used from the inputs, so that no extractor and no intent
can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bizaiops_bot.domain.routing import PlaybookSpec, SlotSpec
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.slots import clock, words
from bizaiops_bot.router.slots import versions as said_versions
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import SAID

_UNIT = (
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|quarters?|years?|ms|replicas?|pods?|copies|"
    r"instances?|percent|rows?|times|runs?|versions?|models?|alerts?|users?|requests?|entries|lines|euros?|eur)"
)
_DIGITS = re.compile(rf"(?<![\w.])(?:[#$€]|v\.?)?[-+]?\d[\w.,:/%-]*(?: ?%| ?{_UNIT}\b)?")
_SPELT = re.compile(
    rf"\b(?:half an?|an?|a few|a couple of|{SAID})(?:[ -]and[ -]a[ -]half)? "
    r"(?:seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?|replicas?|pods?|copies|percent)\b(?! ago)"
)
_NO_VALUE = re.compile(r"24/7|[#v]?")
_CODE = re.compile(r" (?:errors?|responses?|status)\b")
"""Behind a number it makes a code of it: "500 errors"."""
_COMPARED = re.compile(r"\b(?:than|with|against|vs\.?|versus|to|and) (?:the )?$")
_NOW = re.compile(r"(?:for |over |during )?(?:today|tonight|this (?:morning|afternoon|evening)|the day)")
"""What is asked for now is asked for today."""
_NAMES = ("kpi", "person", "fault", "namespace")
_NUMBERED = frozenset({"model", "run", "schedule", "alert"})
"""Kinds of blanks that tell which model it is about; without one a model's name is a value like any other."""
_TIMED = frozenset({"window", "until", "cron", "time_zone", "period", "later", "moment"})
_TRIM = " ,.:;!?-/"


def left(hearing: Hearing, intent: Intent, spec: PlaybookSpec, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The values in the words that are none of `inputs`, as they were said, in the order of the text.

    The version that serves is no loss where it is named beside another one ("roll back churn, v2 is slow"), nor is one
    that the intent knows to be the one before ("from v2").
    """
    if any(slot.name == "topic" for slot in spec.slots):
        return ()  # help is about the words themselves
    used = _marked(hearing, _used(hearing, intent, spec, inputs))
    found: list[tuple[int, int]] = []
    ways = [] if spec.risk == "read" or spec.safety else [(m.start, m.end) for m in hearing.strategies]
    for start, end in sorted((*_values(hearing), *ways), key=lambda span: (span[0], -span[1])):
        told = hearing.core[start:end].strip(_TRIM)
        nothing = _NO_VALUE.fullmatch(told) or _NOW.fullmatch(told) or _CODE.match(hearing.core, end)
        if nothing or any(used[start:end]):
            continue
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(hearing.text[start:end].strip(_TRIM) for start, end in found)


def is_time(value: str, hearing: Hearing) -> bool:
    """Whether one of the values left is a time or an end."""
    said = Hearing(value, hearing.catalogue)
    return bool(said.until or said.window or said.cron or clock.find(said.core))


def listed(values: Iterable[str]) -> str:
    """ "'v4' and '10%'"."""
    said = [repr(value[:60]) for value in values]
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def _values(hearing: Hearing) -> Iterable[tuple[int, int]]:
    core = hearing.core
    kinds = (hearing.versions, hearing.percents, hearing.replicas, hearing.runs, hearing.schedules, hearing.alerts)
    for mentions in kinds:
        yield from ((m.start, m.end) for m in mentions if not m.guess and _tells(core[m.start : m.end]))
    for one in (hearing.until, hearing.window, hearing.cron):
        if one is not None:
            yield one.start, one.end
    yield from ((m.start, m.end) for m in hearing.models)
    yield from ((time.start, time.end) for time in clock.find(core))
    yield from ((span.start, span.end) for span in hearing.spans if not span.loose)
    for pattern in (_DIGITS, _SPELT):
        yield from (m.span() for m in pattern.finditer(core))


def _tells(said: str) -> bool:
    return bool(re.search(rf"\d|\b(?:{SAID})\b|%|half|third|quarter|tenth", said))


def _used(hearing: Hearing, intent: Intent, spec: PlaybookSpec, inputs: Mapping[str, Any]) -> Iterable[tuple[int, int]]:
    names_model = any(slot.kind in _NUMBERED for slot in spec.slots)
    for kind in (*_NAMES, "model") if names_model else _NAMES:
        yield from ((m.start, m.end) for m in hearing.of_kind(kind))
    for slot in spec.slots:
        if inputs.get(slot.name) is not None:
            yield from _span_of(hearing, slot, inputs)
        yield from _known_otherwise(hearing, intent, spec, slot, inputs)


def _span_of(hearing: Hearing, slot: SlotSpec, inputs: Mapping[str, Any]) -> Iterable[tuple[int, int]]:
    value = inputs[slot.name]
    if slot.kind == "text":
        yield from _span_of_text(hearing, slot.name, str(value))
    for m in hearing.of_kind(slot.kind):
        if slot.kind in _TIMED or _is(hearing, m, value, inputs):
            yield m.start, m.end


def _span_of_text(hearing: Hearing, name: str, value: str) -> Iterable[tuple[int, int]]:
    if name == "what" and (task := words.task(hearing.text, hearing.moment)) is not None:
        yield task.start, task.end
    if name == "since" and hearing.window is not None:
        yield hearing.window.start, hearing.window.end
    if name == "reason" and hearing.reason is None:
        said = re.search(r"\s+".join(map(re.escape, value.lower().split())), hearing.lower)
        if said is not None:
            yield said.span()


def _is(hearing: Hearing, mention: Mention, value: object, inputs: Mapping[str, Any]) -> bool:
    if mention.kind == "version":
        return value == said_versions.named(str(mention.value), str(inputs.get("model", "")), hearing.catalogue)
    return bool(mention.value == value)


def _known_otherwise(
    hearing: Hearing, intent: Intent, spec: PlaybookSpec, slot: SlotSpec, inputs: Mapping[str, Any]
) -> Iterable[tuple[int, int]]:
    """What the answer has in it all the same: the version it is about, the span that is always compared with."""
    if slot.kind == "version" or (slot.kind == "model" and spec.risk == "read"):
        before = intent.slots[slot.name].not_after if slot.name in intent.slots else ()
        serving = hearing.catalogue.stable.get(str(inputs.get("model", "")))
        for m in hearing.of_kind("version"):
            behind = before and hearing.core[: m.start].rstrip().endswith(before)
            if behind or (serving is not None and _is(hearing, m, serving, inputs)):
                yield m.start, m.end
    if slot.kind == "window":
        begin = _begin(inputs.get(slot.name))
        for span in hearing.spans:
            if _COMPARED.search(hearing.core[: span.start]) and begin in {None, span.until}:
                yield span.start, span.end


def _begin(window: object) -> datetime | None:
    """Where a window begins; the span that ends there is the one that it is compared with."""
    return datetime.fromisoformat(str(window["start"])) if isinstance(window, dict) and "start" in window else None


def _marked(hearing: Hearing, spans: Iterable[tuple[int, int]]) -> bytearray:
    mask = bytearray(len(hearing.core))
    for start, end in spans:
        mask[start : min(end, len(mask))] = b"\x01" * (min(end, len(mask)) - start)
    return mask
