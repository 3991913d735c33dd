"""What must hold of approvals, told without the engine's rules or tables: plain sets, and voices counted by matching."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

State = Literal["open", "approved", "rejected", "expired", "cancelled"]
Foreseen = Literal["counts", "refused", "depends"]


@dataclass
class Lent:
    """`delegate` may decide for `owner`."""

    owner: str
    delegate: str
    until: datetime
    ended: bool = False


@dataclass
class Company:
    """Who is there with which roles, who decides for whom, and what time it is."""

    roles: dict[str, set[str]]
    now: datetime
    lent: list[Lent] = field(default_factory=list)

    def lends(self, owner: str, delegate: str, until: datetime) -> None:
        for one in self._holding():
            if (one.owner, one.delegate) == (owner, delegate):
                one.until = until
                return
        self.lent.append(Lent(owner, delegate, until))

    def takes_back(self, owner: str) -> bool:
        mine = [one for one in self._holding() if one.owner == owner]
        for one in mine:
            one.ended = True
        return bool(mine)

    def owners_of(self, delegate: str) -> set[str]:
        return {one.owner for one in self._holding() if one.delegate == delegate}

    def _holding(self) -> list[Lent]:
        return [one for one in self.lent if not one.ended and one.until > self.now]


@dataclass
class GateModel:
    """One gate. said: each person's last decision that was accepted."""

    company: Company
    requester: str
    quorum: int
    role: str
    named: tuple[str, ...]
    expires: datetime
    state: State = "open"
    said: dict[str, str] = field(default_factory=dict)

    def by_right(self, person: str) -> bool:
        roles = self.company.roles.get(person, set())
        return person != self.requester and "approver" in roles and (self.role in roles or person in self.named)

    def authorities(self, person: str) -> set[str]:
        """In whose name the person may speak now."""
        if person == self.requester or person not in self.company.roles:
            return set()
        mine = {person} if self.by_right(person) else set()
        return mine | {owner for owner in self.company.owners_of(person) if self.by_right(owner)}

    def voices(self) -> int:
        """The most approvers for whom different people have said yes, each of whom may speak for his one now."""
        taken: dict[str, str] = {}

        def place(person: str, tried: set[str]) -> bool:
            for name in sorted(self.authorities(person) - tried):
                tried.add(name)
                if name not in taken or place(taken[name], tried):
                    taken[name] = person
                    return True
            return False

        return sum(place(person, set()) for person, word in self.said.items() if word == "approved")

    def foresee(self, person: str, word: str) -> Foreseen:
        """What becomes of a decision on this gate, when nothing else is wrong with it."""
        if not self.authorities(person):
            return "refused"
        if word == "rejected":
            return "counts"
        if self.company.lent:
            return "depends"  # another one may have used the voice
        if self.said.get(person) != "approved":
            return "counts"
        return "counts" if self.voices() >= self.quorum else "refused"


@dataclass
class RunModel:
    """One run: its gates by name, the plan's hash, and the hashes it had before."""

    number: int
    requester: str
    plan_hash: str
    gates: dict[str, GateModel]
    asks: str = "approval 1"
    cancelled: bool = False
    old_hashes: list[str] = field(default_factory=list)

    @property
    def gate(self) -> GateModel:
        """The one that is asked now, or was asked last."""
        return self.gates[self.asks]

    def seen_plan(self, said: str | None, gate: str | None) -> bool:
        """Without a hash it is the plan, and the gate, that the run began with: nobody here was shown another."""
        if said is None:
            began = (self.old_hashes or [self.plan_hash])[0]
            return began == self.plan_hash and self.asks == (gate or "approval 1")
        return said == self.plan_hash or (len(said) >= 12 and self.plan_hash.startswith(said))
