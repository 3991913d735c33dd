"""A sentence as tags: what `words.yaml` says of its words, and the names, numbers and times in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml

from bizaiops_bot.domain.yaml_loader import LOADER
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots.mention import Mention

SMALL = "small"
_FILE = Path(__file__).with_name("words.yaml")
_PLACE = 0xE000  # private characters stand for mentions while the words are read
_SHORTENED = {"'s": " is", "'re": " are", "'ve": " have", "'d": " would", "'ll": " will", "'m": " am"}
_NOT = re.compile(r"\b(did|do|does|was|were|is|are|has|have|had)n'?t\b")
_SHORT = re.compile(rf"(?<=\w)(?:{'|'.join(_SHORTENED)})(?!\w)")
_OWNED = re.compile(r"(?<=[\ue000-\uf8ff])'s?(?!\w)")
_TODAY = re.compile(r"(?:for |over |during )?(?:today|tonight|this (?:morning|afternoon|evening))")


@dataclass(frozen=True)
class Word:
    """A tag, and the mention it stands for where it is a name, a number or a time."""

    tag: str
    mention: Mention | None = None


@dataclass(frozen=True)
class Lexicon:
    """Tags by phrase; the pattern finds the longest phrase, or the place of a mention."""

    tags: dict[str, str]
    pattern: re.Pattern[str]


@cache
def lexicon() -> Lexicon:
    """Raises ValueError for a phrase with two tags: a word has one meaning here."""
    tags: dict[str, str] = {}
    groups = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=LOADER)
    small = groups.pop(SMALL)
    for tag, phrases in [*((t, p) for group in groups.values() for t, p in group.items()), (SMALL, small)]:
        for phrase in phrases:
            if phrase in tags:
                raise ValueError(f"words.yaml: {phrase!r} is {tags[phrase]} already and cannot be {tag} as well")
            tags[phrase] = tag
    longest_first = "|".join(re.escape(phrase) for phrase in sorted(tags, key=len, reverse=True))
    return Lexicon(tags, re.compile(rf"(?<![\w'-])(?:{longest_first})(?![\w'-])|[\ue000-\uf8ff]"))


@dataclass(frozen=True)
class Sentence:
    """What was heard, for the grammar."""

    hearing: Hearing
    begins: int = 0
    """Where the question begins, behind a polite opening."""

    @cached_property
    def mentions(self) -> dict[str, list[Mention]]:
        """By kind, none within another: a KPI goes before the time, that before numbers and names.

        What is worded, such as "the latest version", is no mention here.
        """
        hearing = self.hearing
        kinds = {
            "KPI": hearing.kpis,
            "WINDOW": [hearing.window] if hearing.window else [],
            "RUN": [m for m in hearing.runs if not m.guess],
            "ALERT": hearing.alerts,
            "VERSION": [m for m in hearing.versions if re.search(r"\d", hearing.core[m.start : m.end])],
            "PERSON": hearing.people,
            "MODEL": hearing.models,
        }
        taken: list[Mention] = []
        kept: dict[str, list[Mention]] = {}
        for kind, found in kinds.items():
            kept[kind] = [m for m in found if not any(m.overlaps(other) for other in taken)]
            taken += kept[kind]
        return kept

    @cached_property
    def words(self) -> tuple[Word, ...] | None:
        """In the order of the text, without small words; None when a word has no meaning here."""
        spots: list[Word] = []
        text = self.hearing.core
        text = " " * self.begins + text[self.begins :]
        placed = sorted(
            ((m, kind) for kind, found in self.mentions.items() for m in found), key=lambda spot: -spot[0].start
        )
        for mention, kind in placed:
            text = f"{text[: mention.start]} {chr(_PLACE + len(spots))} {text[mention.end :]}"
            spots.append(Word(self._tag(kind, mention), mention))
        text = _NOT.sub(r"\1 not", text)
        plain = _SHORT.sub(lambda m: _SHORTENED[m[0]], moods.plain_words(text))
        plain = _OWNED.sub("", " ".join(plain.split()).replace(" 's ", " "))
        known = lexicon()
        if re.search(r"[^\W_]", known.pattern.sub(" ", plain)):
            return None
        found = [
            spots[ord(m[0]) - _PLACE] if ord(m[0][0]) >= _PLACE else Word(known.tags[m[0]])
            for m in known.pattern.finditer(plain)
        ]
        return tuple(word for word in found if word.tag != SMALL)

    def _tag(self, kind: str, mention: Mention) -> str:
        """ "TODAY" of a day that is not over, "MODELS" of two and more, "VERSIONS" of three and more."""
        if kind == "WINDOW":
            return "TODAY" if _TODAY.fullmatch(self.hearing.core[mention.start : mention.end].strip()) else kind
        several = {"MODEL": 2, "VERSION": 3}.get(kind, 0)
        return f"{kind}S" if several and len({str(m.value) for m in self.mentions[kind]}) >= several else kind

    @property
    def asks(self) -> bool:
        """Whether it ends with a question mark."""
        return self.hearing.text.rstrip().endswith("?")
