"""Stage 1: exact wordings. "deploy {model} {version} [as a {canary} canary]" is a pattern to read and a sentence to
say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.routing import Catalogue, PlaybookSpec
from bizaiops_bot.domain.strategies import strategy
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent

_TOKEN = re.compile(r"\{(\w+)\}|[\[\]()|]|\s+|[^{}\[\]()|\s]+")
_MAX_TEXT = 300
_TRIM = re.compile(r"(?:[,\s]+(?:please|pls|now|thanks|thank you|asap))+[.!]*$|[\s.!?]+$")
_NO_NAME = re.compile(r"(?:send|give|tell|get|let|make|put|what|how|why|who|when|where|which|please|can|could)\b.* ")
_NUMBER = re.compile(r"#?\d+")
_MEANT = re.compile(r"^(?:(?:no|nope|sorry|wait|oops)[, ]+)?i mean(?:t)?[,: ]+(?:to say )?")
_PRONOUN = re.compile(
    r"(?:it|that|this|them|we|you|they|i|us|that one|this one|(?:the|that|this) model)"
    r"(?: back| again| up| down| off| on)?|"
    r"(?:(?:a|an|the|all|both|every|some|any|another|new|next|latest|other|our|my|of|it|them|version|"
    r"versions|model|models|release|canary|everything|"
    r"anything|something|one|two|both|show|give|see|get|and|its|their|also)\b ?)+"
)
# What may be a person's name that is not known: not "lee no longer", which says the opposite.
_NAME = re.compile(r"(?!.*\b(?:no|not|never|longer|nobody|only|don't|doesn't)\b)@?[\w.-]+(?: [\w.-]+)?")


@dataclass(frozen=True)
class Exact:
    """A wording that fits. `unknown` is what stood for a model and is none."""

    intent: Intent
    unknown: str = ""


@dataclass(frozen=True)
class _Pattern:
    intent: Intent
    kinds: dict[str, str]
    regex: re.Pattern[str]


class Formats:
    """All exact wordings of the intents whose playbooks exist."""

    def __init__(self, intents: list[Intent], specs: dict[str, PlaybookSpec]) -> None:
        self._patterns: list[_Pattern] = []
        self._last: tuple[Hearing, Exact | None] | None = None
        for intent in intents:
            kinds = {slot.name: slot.kind for slot in specs[intent.playbook].slots} if intent.playbook else {}
            for text in intent.formats:
                self._patterns.append(_Pattern(intent, kinds, _compile(text, kinds, intent.name)))
        self._short = {
            name: (intent, {slot.kind for slot in specs[intent.playbook].slots} - {"text"})
            for intent in intents
            for name in intent.aliases
        }

    def match(self, hearing: Hearing) -> Exact | None:
        """The first format that fits with every value understood, or a short name; else one with an unknown model.

        Several stages ask it of the same words, so the last answer is kept.
        """
        if self._last is None or self._last[0] is not hearing:
            self._last = (hearing, self._matched(hearing))
        return self._last[1]

    def _matched(self, hearing: Hearing) -> Exact | None:
        text = _MEANT.sub("", _trimmed(hearing.lower))
        if len(text) > _MAX_TEXT:
            return None
        unknown: Exact | None = None
        for pattern in self._patterns:
            m = pattern.regex.fullmatch(f" {text}")
            if m is None:
                continue
            bad = [
                name
                for name, said in m.groupdict().items()
                if said and not _reads(pattern.kinds[name], said, hearing.catalogue)
            ]
            if not bad or (
                [pattern.kinds[name] for name in bad] in (["person"], ["reminded"])
                and _NAME.fullmatch(m[bad[0]].strip())
            ):
                return Exact(pattern.intent)  # who is meant by an unknown name is asked when it is filled in
            if [pattern.kinds[name] for name in bad] == ["model"]:
                if _names_nothing(m[bad[0]].strip(), hearing.catalogue):
                    return Exact(pattern.intent)
                if "," in m[bad[0]] or _NUMBER.fullmatch(m[bad[0]].strip()) or _NO_NAME.match(m[bad[0]].strip()):
                    continue
                unknown = _shorter(unknown, Exact(pattern.intent, _bare(m[bad[0]])))
        return self._short_name(text, hearing.catalogue) or unknown

    def _short_name(self, text: str, catalogue: Catalogue) -> Exact | None:
        """An alias alone, or with nothing but values of its playbook behind it, in any order."""
        for name, (intent, kinds) in self._short.items():
            if text == name or (text.startswith(f"{name} ") and _all_values(text[len(name) :], kinds, catalogue)):
                return Exact(intent)
        return None


def _shorter(found: Exact | None, other: Exact) -> Exact:
    """The first found, but of the same request the reading that takes the least for a name: not "fraud v2 at 10%"."""
    if found is None:
        return other
    return other if other.intent is found.intent and len(other.unknown) < len(found.unknown) else found


def _names_nothing(said: str, catalogue: Catalogue) -> bool:
    """Whether what stands where a model belongs is none: "it", "a new version", "v2", "with a 20% canary"."""
    left = Hearing(said, catalogue).residue({"version", "percent", "replicas", "window", "cron", "time_zone"})
    return bool(_PRONOUN.fullmatch(said)) or left in {"", "canary"}


def _all_values(said: str, kinds: set[str], catalogue: Catalogue) -> bool:
    hearing = Hearing(said, catalogue)
    return any(hearing.of_kind(kind) for kind in kinds) and not hearing.residue(kinds)


def _bare(name: str) -> str:
    return re.sub(r"^(?:show (?:me )?)?(?:the |our |my |a |an )?| models?$", "", name.strip())


def _trimmed(text: str) -> str:
    text = moods.bare(text)
    before = ""
    while before != text:
        before, text = text, _TRIM.sub("", text).strip()
    return re.sub(r"\s+", " ", text)


def _compile(text: str, kinds: dict[str, str], where: str) -> re.Pattern[str]:
    """A pattern over " " + text: the space before an optional part belongs to it, so that nothing runs together.

    A time zone is read together with the recurring time before it.
    """
    parts: list[str] = []
    for m in _TOKEN.finditer(re.sub(r"\s+\[", "[", f" {text}".replace(" [{time_zone}]", ""))):
        if m[1]:
            if m[1] not in kinds:
                raise ValueError(f"intent {where}: format {text!r} has {{{m[1]}}}, which is no slot of the playbook")
            parts.append(rf"(?P<{m[1]}>.{{1,{200 if kinds[m[1]] == 'text' else 60}}}?)")
        else:
            marks = {"[": "(?: (?:", "]": "))?", "(": "(?:", ")": ")", "|": "|"}
            parts.append(marks.get(m[0], " " if m[0].isspace() else re.escape(m[0].lower())))
    return re.compile("".join(parts))


def _reads(kind: str, said: str, catalogue: Catalogue) -> bool:
    hearing = Hearing(said, catalogue)
    kinds = {kind, "time_zone"} if kind == "cron" else {kind}
    return kind == "text" or (bool(hearing.of_kind(kind)) and not hearing.residue(kinds))


def say(intent: Intent, inputs: dict[str, Any]) -> str:
    """`inputs` in the intent's own words, which come back to the same command: the first format that says the most of
    them.

    What is not known is left out, so that saying it leads to the question for it.
    """
    said_by = [(_SLOTS.findall(_plain(text, inputs)), _plain(text, inputs)) for text in intent.formats]
    whole = [(slots, text) for slots, text in said_by if all(inputs.get(slot) is not None for slot in slots)]
    _, best = max(whole or said_by[:1], key=lambda option: len(option[0]))
    lost = any(inputs.get(slot) is not None for slot in ("canary", "replicas", "strategy") if f"{{{slot}}}" not in best)
    if intent.aliases and (lost or _gap(best, inputs)):
        known = [said(slot, value) for slot, value in inputs.items() if value is not None]
        return " ".join([intent.aliases[0], *known])
    return re.sub(r"\s+", " ", _SLOTS.sub(lambda m: said(m[1], inputs.get(m[1])), best)).strip()


def _gap(text: str, inputs: dict[str, Any]) -> bool:
    """Whether words stand behind a value that is not known, so that they would not read well without it."""
    return any(inputs.get(m[1]) is None and m[2] for m in re.finditer(r"\{(\w+)\}(?= (\w)|)", text))


def _plain(text: str, inputs: dict[str, Any]) -> str:
    """The format with the first of each choice, and the optional parts whose slots are known."""
    while (simpler := re.sub(r"\(([^()|]*)(?:\|[^()]*)?\)", r"\1", text)) != text:
        text = simpler
    while (simpler := _OPTIONAL.sub(lambda m: m[1] if _known(m[1], inputs) else "", text)) != text:
        text = simpler
    return text


def _known(part: str, inputs: dict[str, Any]) -> bool:
    slots = _SLOTS.findall(part)
    return bool(slots) and all(inputs.get(slot) is not None for slot in slots)


_SLOTS = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


_SPOKEN: dict[str, Callable[[Any], str]] = {
    "canary": lambda share: f"{share}%",
    "strategy": lambda name: "in steps" if name == "steps" else strategy(str(name)).spoken(),
    "cron": lambda cron: spoken(str(cron)),
}


def said(slot: str, value: Any) -> str:
    """A slot value in words."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return str(value.get("label", ""))
    if slot in _SPOKEN:
        return _SPOKEN[slot](value)
    if slot == "time_zone":
        return str(value) if "/" not in str(value) else f"{str(value).rsplit('/', 1)[1].replace('_', ' ')} time"
    return str(value).replace("_", " ") if slot in {"kpi", "fault"} else str(value)
