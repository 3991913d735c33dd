"""Sentences made of formats and examples: every choice taken, every value one of the company's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router.slots.names import FAULTS

MOST = 200
"""Sentences made of one format at most."""

_SLOT = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(r"[\[\]()|]|[^\[\]()|]+")
# What to say for a kind of slot; the second value of a kind is for its second slot in a sentence.
_SAID = {
    "model": ("churn", "demand"),
    "version": ("v1", "v2"),
    "blamed": ("v3", "v4"),
    "percent": ("10%", "20%"),
    "replicas": ("3", "4"),
    "run": ("run 7", "run 8"),
    "schedule": ("schedule 3", "schedule 4"),
    "alert": ("alert 5", "alert 6"),
    "kpi": ("revenue at risk", "churn rate"),
    "cron": ("every monday at 9:00", "every weekday at 8:30"),
    "time_zone": ("Berlin time", "UTC"),
    "window": ("last week", "yesterday"),
    "person": ("lee", "sam"),
    "until": ("until friday", "until monday"),
    "period": ("friday 16:00 to monday 8:00", "next week"),
    "later": ("next week", "from monday to friday"),
    "moment": ("tomorrow at 10", "friday 14:00"),
    "reminder": ("reminder 3", "reminder 4"),
    "reminded": ("sam", "lee"),
    "text": ("the sale", "the outage"),
    "strategy": ("in steps of 5%, 25% and 50%", "blue-green"),
}
_NUMBERS = {"run", "schedule", "alert", "reminder"}


def kinds_of(spec: PlaybookSpec | None) -> dict[str, str]:
    """Slot name -> kind; names that need no playbook's slot stand for their own kind."""
    anywhere = {kind: kind for kind in _SAID} | {"fault": "fault"}
    return anywhere | ({slot.name: slot.kind for slot in spec.slots} if spec else {})


def filled(text: str, kinds: dict[str, str], index: int = 0) -> str:
    """`text` with values for its slots; a slot of an unknown name stays. `index` varies the faults."""
    seen: dict[str, int] = {}

    def value(m: re.Match[str]) -> str:
        kind = kinds.get(m[1], "")
        if kind == "fault":
            return list(FAULTS)[index % len(FAULTS)].replace("_", " ")
        if kind not in _SAID:
            return m[0]
        seen[kind] = seen.get(kind, -1) + 1
        said = _SAID[kind][seen[kind] % 2]
        before = text[: m.start()].rstrip().rsplit(" ", 1)[-1].lower()
        return said.split()[-1] if kind in _NUMBERS and before.endswith((kind, "#", "digest", "deploy")) else said

    return _SLOT.sub(value, text)


def sentences(form: str) -> list[str]:
    """Every way to say a format, at most MOST: `[...]` with and without, each choice of `(a|b)`; slots stay."""
    tokens = _TOKEN.findall(form)
    found = (re.sub(r"\s+", " ", text).strip() for text in _ways(tokens, 0)[0])
    return list(dict.fromkeys(islice((text for text in found if text), MOST)))


def _ways(tokens: list[str], at: int) -> tuple[list[str], int]:
    """The ways to say the tokens from `at` to the bracket that closes them, and where that is."""
    options: list[list[str]] = []
    parts: list[list[str]] = []
    while at < len(tokens) and tokens[at] not in "])":
        token = tokens[at]
        if token == "|":
            options.append(list(_joined(parts)))
            parts = []
        elif token in "[(":
            inner, at = _ways(tokens, at + 1)
            parts.append(["", *inner] if token == "[" else inner)
        else:
            parts.append([token])
        at += 1
    options.append(list(_joined(parts)))
    return [way for option in options for way in option], at


def _joined(parts: list[list[str]]) -> Iterator[str]:
    return islice(("".join(way) for way in product(*parts)), MOST)
