"""What is wrong with intent files that can be told by reading them: each rule gives findings for one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.evaluation.intent_files import Finding, Level, Source
from bizaiops_bot.evaluation.samples import filled, kinds_of
from bizaiops_bot.router import doubts, languages
from bizaiops_bot.router.intents import NONE
from bizaiops_bot.router.training import pairs

ENOUGH = 25
"""Examples of an intent under which there is a warning; under 20 the bot does not start."""

SHORT = 2
"""Examples of so few words ("lgtm") need not say what they are about: the bot asks for it."""

LONGEST_EXAMPLE, LONGEST_FORMAT = 100, 200
_SLOT = re.compile(r"\{(\w+)\}")
# Slots of these kinds may stand in no example: they are read wherever they are said.
_FREE = {"text", "time_zone"}


@dataclass(frozen=True)
class Book:
    """Files that fit the schema, the playbooks there are, and the names of all files."""

    sources: tuple[Source, ...]
    specs: dict[str, PlaybookSpec]
    names: frozenset[str]

    def spec(self, source: Source) -> PlaybookSpec | None:
        return self.specs.get(source.intent.playbook)

    def canonical(self, source: Source, example: str) -> str:
        """The example as the classifier learns it. Raises ValueError for a slot that is none."""
        alone = source.intent.model_copy(update={"examples": (example,), "must_not": {}})
        return pairs([alone], self.specs)[0][0]


def playbook(book: Book, source: Source) -> Iterator[Finding]:
    intent, spec = source.intent, book.spec(source)
    if not intent.playbook:
        return
    if spec is None:
        what = f"there is no playbook {intent.playbook!r}"
        yield source.finding(("playbook",), "playbook", what, "Name a file of playbooks/ without `.py`.")
    elif spec.risk != intent.risk:
        what = f"risk {intent.risk!r}, but the playbook says {spec.risk!r}"
        yield source.finding(("risk",), "risk", what, f"Write `risk: {spec.risk}`.")


def slots(book: Book, source: Source) -> Iterator[Finding]:
    """Names in braces, and under `slots`, that are no slots."""
    intent, spec = source.intent, book.spec(source)
    own = {slot.name for slot in spec.slots} if spec else set()
    may = {"formats": own, "examples": set(kinds_of(spec)), "must_not": set(kinds_of(spec)), "slots": own}
    if spec is None and intent.playbook:
        return
    for key, texts in (("formats", intent.formats), ("examples", intent.examples)):
        for i, text in enumerate(texts):
            for name in sorted(set(_SLOT.findall(text)) - may[key]):
                yield source.finding((key, i), "slot", f"{{{name}}} is no slot of the playbook", _known(own))
    for phrase in intent.must_not:
        for name in sorted(set(_SLOT.findall(phrase)) - may["must_not"]):
            yield source.finding(("must_not", phrase), "slot", f"{{{name}}} is no slot", _known(own))
    for name in sorted(set(intent.slots) - own):
        yield source.finding(("slots", name), "slot", f"{name!r} is no slot of the playbook", _known(own))


def _known(names: set[str]) -> str:
    return f"Its slots: {', '.join(sorted(names)) or 'none'}."


def unused_slots(book: Book, source: Source) -> Iterator[Finding]:
    intent, spec = source.intent, book.spec(source)
    said = {name for text in (*intent.formats, *intent.examples) for name in _SLOT.findall(text)}
    for slot in spec.slots if spec else ():
        if slot.name not in said and not (slot.kind in _FREE and not slot.required):
            what = f"slot {slot.name!r} is in no format and no example"
            where = ("slots", slot.name) if slot.name in intent.slots else ("examples",)
            level: Level = "error" if slot.required else "warning"
            yield source.finding(where, "unused-slot", what, f"Say it: `... {{{slot.name}}} ...`.", level)


def count(_: Book, source: Source) -> Iterator[Finding]:
    examples = len(source.intent.examples)
    if examples < ENOUGH:
        what = f"{examples} examples"
        yield source.finding(("examples",), "few", what, f"Write {ENOUGH} and more.", "warning")
    if source.intent.playbook and not source.intent.must_not:
        what = "no phrase that looks alike and is not meant"
        yield source.finding(("title",), "must-not", what, "Add `must_not`.", "warning")


def duplicates(book: Book, source: Source) -> Iterator[Finding]:
    """The same words, with stand-ins for values, twice: in this file, or before in another one."""
    before: dict[str, str] = {}
    for other in book.sources:
        if other is source:
            break
        for example in other.intent.examples:
            before.setdefault(_words(book.canonical(other, example)), other.intent.name)
    for i, example in enumerate(source.intent.examples):
        words = _words(book.canonical(source, example))
        if words in before:
            place = "in this file" if before[words] == source.intent.name else f"in {before[words]}"
            yield source.finding(("examples", i), "duplicate", f"{example!r} is {place} too", "Keep one of them.")
        before[words] = source.intent.name
    for i, form in enumerate(source.intent.formats):
        if form in source.intent.formats[:i]:
            yield source.finding(("formats", i), "duplicate", f"format {form!r} is given twice", "Keep one of them.")


def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w%]+", text.lower()))


def must_not(book: Book, source: Source) -> Iterator[Finding]:
    intent = source.intent
    own = {_words(book.canonical(source, example)) for example in intent.examples}
    for phrase, other in intent.must_not.items():
        where = ("must_not", phrase)
        if other == intent.name or other not in {*book.names, NONE}:
            what = f"{phrase!r} names {other!r}, which is no other intent"
            yield source.finding(where, "must-not", what, "Name the intent that it is, or none.")
        elif _words(book.canonical(source, phrase)) in own:
            yield source.finding(where, "must-not", f"{phrase!r} is an example of this intent too", "Keep one of them.")


def cues(book: Book, source: Source) -> Iterator[Finding]:
    """Examples of what has effects in which none of its own words is said: the bot would never act on them."""
    intent, kinds = source.intent, kinds_of(book.spec(source))
    if intent.risk in {"read", "none"}:
        return
    for i, example in enumerate(intent.examples):
        said = filled(example, kinds, i).lower()
        if not doubts.has(said, intent.cues):
            do = "Add the word that tells it to `cues`, or leave the example out."
            yield source.finding(("examples", i), "cue", f"{example!r} has none of the cues", do)
        elif intent.about and len(said.split()) > SHORT and not doubts.has(said, intent.about):
            do = "Add what it is done to to `about`, or leave the example out."
            yield source.finding(("examples", i), "cue", f"{example!r} does not say what it is about", do)
        elif doubts.has(said, intent.against):
            do = "Leave the example out, or the word out of `against`."
            yield source.finding(("examples", i), "cue", f"{example!r} has a word of `against`", do)


def wording(_: Book, source: Source) -> Iterator[Finding]:
    """Too long, or not English."""
    intent = source.intent
    limits = (("examples", intent.examples, LONGEST_EXAMPLE), ("formats", intent.formats, LONGEST_FORMAT))
    for key, texts, longest in limits:
        for i, text in enumerate(texts):
            if len(text) > longest:
                what = f"{len(text)} characters"
                yield source.finding((key, i), "long", what, f"At most {longest}: people write short sentences.")
            if _strange(text):
                do = "The bot understands English; other languages get a polite no."
                yield source.finding((key, i), "english", f"{text!r} is not English", do)


def _strange(text: str) -> bool:
    return any(char.isalpha() and not char.isascii() for char in text) or languages.is_foreign(text)


RULES = (unused_slots, count, duplicates, must_not, cues, wording)
