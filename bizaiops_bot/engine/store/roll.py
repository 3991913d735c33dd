"""Who there is: those the settings name and those whom user groups let in, kept in step with the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from bizaiops_bot.domain import recognition
from bizaiops_bot.domain.identity import Identity
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.recognition import Grants, Named, Seen
from bizaiops_bot.engine.store import people_seen

Account = tuple[str, str]
"""Platform and its id of the user."""


def account(identity: Identity) -> Account:
    return identity.platform, identity.user


class Roll:
    """Fills `people`, a dict that the whole engine looks at, and keeps the accounts that people were recognised by."""

    def __init__(self, people: dict[str, Actor], named: Iterable[Named], grants: Grants) -> None:
        self.people, self.grants = people, grants
        self.named = {one.actor.id: one for one in named}
        self.seen: dict[Account, Seen] = {}
        self._edition = ""

    def follow(self, conn: sa.Connection) -> None:
        """Reads the people again when somebody has changed them, such as another worker."""
        edition = people_seen.edition(conn)
        if edition != self._edition:
            self.take(people_seen.read_all(conn), edition)

    def take(self, seen: list[Seen], edition: str) -> None:
        """From here on these are the accounts, and people have the roles that follow."""
        now = self.actors(seen)
        self.seen = {account(one.identity): one for one in seen}
        self._edition = edition
        self.people.update(now)
        for gone in [person for person in list(self.people) if person not in now]:
            self.people.pop(gone, None)

    def rename(self, named: Iterable[Named], seen: list[Seen], edition: str) -> None:
        """From here on these are the people that the settings name."""
        self.named = {one.actor.id: one for one in named}
        self.take(seen, edition)

    def actors(self, seen: Iterable[Seen], named: Mapping[str, Named] | None = None) -> dict[str, Actor]:
        """Everybody, with their roles, if these were the accounts. named: other people than the settings name now."""
        named = self.named if named is None else named
        accounts: dict[str, list[Seen]] = defaultdict(list)
        for one in seen:
            if one.holds(named):
                accounts[one.person].append(one)
        return {
            person: recognition.actor(person, named.get(person), accounts[person], self.grants)
            for person in dict.fromkeys([*named, *accounts])
        }
