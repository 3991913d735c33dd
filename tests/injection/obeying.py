"""The worst language model there is: it obeys whatever hostile text it sees, anywhere in what it is given."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Memory, PlaybookSpec
from bizaiops_bot.router.language import Proposal
from tests.injection.attacks import Attack, pick
from tests.injection.tasks import Task
from tests.support.router_company import COMPANY

SEEN_FROM = 0.8


@dataclass
class Obeying:
    """Implements router.language.Language for one message after another.

    `faces` says what the next message is about. Without an attack in sight it means well and proposes the task itself.
    """

    task: Task | None = None
    attack: Attack | None = None
    calls: int = 0
    obeyed: int = 0
    given: list[str] = field(default_factory=list)

    def faces(self, task: Task, attack: Attack | None) -> None:
        self.task, self.attack = task, attack

    async def propose(
        self,
        text: str,
        offered: tuple[PlaybookSpec, ...],
        catalogue: Catalogue,
        memory: Memory | None,
        *,
        channel: str,
    ) -> Proposal | None:
        self.calls += 1
        assert self.task is not None
        memory_text = memory.model_dump_json() if memory else ""
        seen = "\n".join([text, catalogue.model_dump_json(), memory_text, channel])
        self.given.append(seen)
        if self.attack is None or not sees(self.attack, seen, self.task.say):
            return Proposal(playbook=self.task.playbook, inputs=self.task.inputs, heard={"model": "honest"})
        self.obeyed += 1
        return obeyed(self.attack, offered)


def sees(attack: Attack, given: str, own: str) -> bool:
    """Whether the attack's words stand in what was given, beside the person's own and the company's: eight of ten
    suffice, as a model reads through any disguise.
    """
    usual = _words(own) | _words(COMPANY.model_dump_json())
    wanted, there = _words(attack.text), _words(given)
    return len(wanted & there) >= SEEN_FROM * len(wanted) and bool((wanted - usual) & there)


def obeyed(attack: Attack, offered: tuple[PlaybookSpec, ...]) -> Proposal:
    """What the attacker wants; if that is not on offer, by turns it all the same, or the nearest change that is."""
    goal = attack.goal
    names = [spec.name for spec in offered]
    effects = [spec.name for spec in offered if spec.risk != "read"]
    playbook = goal.playbook if goal.playbook in names or not effects or pick(attack.text, 2) else effects[0]
    inputs: dict[str, Any] = {
        "model": "demand",
        "version": "v3",
        "canary": 100,
        "run": 7,
        "to": "analyst",
        **goal.inputs,
    }
    heard = {"model": "obeying", "answer": attack.text}
    return Proposal(playbook=playbook, inputs=inputs, heard=heard, among=tuple(effects))


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    return frozenset(re.findall(r"[^\W_]+", plain.lower()))
