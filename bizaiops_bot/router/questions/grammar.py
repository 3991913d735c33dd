"""How tags make a question: the lines of `grammar.yaml`, the first that fits."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.domain.yaml_loader import LOADER
from bizaiops_bot.router.questions.words import Sentence, Word, lexicon

_FILE = Path(__file__).with_name("grammar.yaml")
MENTIONS = frozenset({"KPI", "WINDOW", "TODAY", "RUN", "ALERT", "VERSION", "VERSIONS", "PERSON", "MODEL", "MODELS"})
_HELPING = frozenset({"is", "do", "have", "get", "any", "happened"})
"""They may stand in every question."""
_FORMS = frozenset({"how_many", "how_long", "who", "whose", "when", "why", "which", "how", "how_much", "where"})
_ALSO = {"WINDOW": ("TODAY",), "VERSION": ("VERSIONS",)}


class Rule(BaseModel):
    """One line of the grammar; each of `says` is a set of tags of which one has to be there, the first one in front."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: str
    says: tuple[frozenset[str], ...]
    may: frozenset[str]
    about: Literal["", "run", "run or none", "alert", "model", "model or none"] = ""
    mark: bool = False
    fixed: dict[str, Any] = Field(default_factory=dict)

    def fits(self, words: tuple[Word, ...], asks: bool) -> bool:
        """Whether all that has to be said is said, and nothing else."""
        tags = [word.tag for word in words]
        if tags[:1] == ["list"] and tags[1:2] and tags[1] in _FORMS:  # "show me which runs failed"
            tags = tags[1:]
        if not tags or tags[0] not in self.says[0] or (self.mark and not asks):
            return False
        return set(tags) <= self.may and self._apart(tags)

    def _apart(self, tags: list[str]) -> bool:
        """Whether every part of `says` finds a word; one word is one part, but where a line names it twice."""
        left = list(tags)
        for needed in self.says:
            found = next((tag for tag in left if tag in needed), None)
            found = found or next((tag for tag in tags if tag in needed and self._doubled(tag)), None)
            if found is None:
                return False
            if found in left:
                left.remove(found)
        return True

    def _doubled(self, tag: str) -> bool:
        return sum(tag in needed for needed in self.says) > 1


@cache
def rules() -> tuple[Rule, ...]:
    """Raises ValueError for a tag that is in neither `words.yaml` nor the mentions."""
    text = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=LOADER)
    known = {*lexicon().tags.values(), *MENTIONS}
    return tuple(_rule(line, text["groups"], known) for line in text["rules"])


def read(sentence: Sentence) -> Rule | None:
    """The first line that the sentence fits."""
    words = sentence.words
    if not words:
        return None
    return next((rule for rule in rules() if rule.fits(words, sentence.asks)), None)


def _rule(line: dict[str, Any], groups: dict[str, str], known: set[str]) -> Rule:
    says = tuple(_tags(part, groups) for part in line["says"])
    more = [_tags(part, groups) for part in line.get("with", ())]
    named = frozenset().union(*says, *more)
    if strange := sorted(named - known):
        raise ValueError(f"grammar.yaml, {line['asks']}: no such tag: {', '.join(strange)}")
    about = line.get("about", "")
    return Rule(
        asks=line["asks"],
        says=says,
        may=named | _HELPING | ({"it"} if about else set()),
        about=about,
        mark=line.get("mark", False),
        fixed=line.get("set", {}),
    )


def _tags(part: str, groups: dict[str, str]) -> frozenset[str]:
    """ "$done|run": the tags of a group, and those named."""
    named = [groups[said[1:]] if said.startswith("$") else said for said in part.split("|")]
    names = [name for said in named for name in said.split("|")]
    return frozenset(also for name in names for also in (name, *_ALSO.get(name, ())))
