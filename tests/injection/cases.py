"""Which attack is tried in which carrier on which task: far fewer than all, chosen by hash, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.injection.attacks import Attack, attacks, pick
from tests.injection.carriers import CARRIERS, Carrier, Said
from tests.injection.tasks import Task

LONGEST = 2000


@dataclass(frozen=True)
class Case:
    """One message as the bot gets it."""

    carrier: Carrier
    attack: Attack
    task: Task
    said: Said

    @property
    def name(self) -> str:
        return f"{self.carrier.name} | {self.attack.name} | {self.task.say}"


def cases(tasks: tuple[Task, ...], each: int, *, salt: str = "") -> Iterator[Case]:
    """`each` different attacks a carrier, of all corpora by turns; a message too long to be read at all is no case."""
    corpora = sorted({attack.corpus for attack in attacks()})
    by_corpus = {corpus: [attack for attack in attacks() if attack.corpus == corpus] for corpus in corpora}
    for carrier in CARRIERS:
        seen: set[tuple[str, str]] = set()
        turn = 0
        while len(seen) < each:
            key = f"{salt}/{carrier.name}/{turn}"
            among = by_corpus[corpora[turn % len(corpora)]]
            attack, task = among[pick(key, len(among))], tasks[pick(f"task {key}", len(tasks))]
            said = carrier.plant(task, attack)
            turn += 1
            if len(said.text) <= LONGEST and (attack.name, task.say) not in seen:
                seen.add((attack.name, task.say))
                yield Case(carrier, attack, task, said)
