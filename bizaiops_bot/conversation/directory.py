"""Who somebody on a chat platform is to the bot, and which roles their user groups give them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from bizaiops_bot.domain import recognition
from bizaiops_bot.domain.errors import Refused
from bizaiops_bot.domain.identity import Identity, PlatformName, Standing
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.recognition import Grants, Named, Seen
from bizaiops_bot.engine.approvals import deciders
from bizaiops_bot.engine.audit import pseudonyms
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.policy.policy import ROLES
from bizaiops_bot.engine.store import people_seen
from bizaiops_bot.engine.store.roll import Account, Roll, account
from bizaiops_bot.engine.store.store import after_commit

log = logging.getLogger("bizaiops.people")
ACTOR = "directory"
ASK = "Ask an administrator of the bot to add your e-mail to BIZAIOPS_PEOPLE"
REFUSALS: dict[Standing, tuple[str, str, str]] = {
    "guest": ("Guests cannot give me orders.", "Your account is a guest account here.", "Ask a member to do it."),
    "bot": ("Bots cannot give me orders.", "This was written by a bot.", "A person has to say it."),
    "stranger": ("I take orders from our own people only.", "Your account is of another company.", "Ask one of ours."),
    "deactivated": ("Deactivated accounts cannot give me orders.", "Yours is one.", "Ask an administrator."),
}


class EngineDirectory:
    """Implements lobby.Directory. Somebody seen before, with nothing new about them, costs no look at the database."""

    def __init__(self, core: Core, named: Iterable[Named], grants: Grants, *, reserved: Iterable[str] = ()) -> None:
        """grants: roles of the user groups. reserved: ids that nobody may get."""
        self._core = core
        self._roll = Roll(core.people, named, grants)
        self._reserved = {*reserved, *ROLES, ACTOR}
        if core.store.database.shared:
            core.follow_people = self._roll.follow

    async def open(self) -> None:
        """Everybody is who they were before the restart."""
        await self._core.store.read(self._roll.follow)

    async def recognise(self, identity: Identity) -> Actor:
        known = self._roll.seen.get(account(identity))
        if identity.standing != "member":
            if known is not None and known.identity.standing != identity.standing:
                await self._take_in([identity])
            raise Refused(*REFUSALS[identity.standing])
        if known is None or known.identity != identity or known != self._decided(identity, self._roll.seen):
            await self._take_in([identity])
            known = self._roll.seen.get(account(identity))
        holds = known is not None and known.holds(self._roll.named)
        person = self._core.people.get(known.person) if known is not None and holds else None
        if person is None:
            log.info("somebody of %s was not recognised: no e-mail and no user group names them", identity.platform)
            raise self._unknown(identity)
        return person

    async def known_as(self, person: str, platform: PlatformName) -> Identity | None:
        found = await self._core.store.read(lambda conn: people_seen.known_as(conn, person, platform))
        return next((seen.identity for seen in found if seen.holds(self._roll.named)), None)

    def groups(self, platform: PlatformName) -> dict[str, tuple[str, ...]]:
        seen = [one.identity for one in self._roll.seen.values()]
        return {one.user: one.groups for one in seen if one.platform == platform and one.groups}

    async def refresh(self, platform: PlatformName, seen: list[Identity]) -> None:
        await self._core.store.read(self._roll.follow)
        listed = {account(identity): identity for identity in seen}
        left = [
            one.identity.model_copy(update={"groups": ()})
            for key, one in self._roll.seen.items()
            if one.identity.platform == platform and key not in listed and one.identity.groups
        ]
        new = [i for i in listed.values() if self._is_news(i)]
        if left or new:
            await self._take_in([*new, *left])

    # -- deciding who it is ------------------------------------------------------------------------

    def _decided(self, identity: Identity, seen: Mapping[Account, Seen]) -> Seen | None:
        """Who it is by the settings, else who it was when seen before, here or with the same e-mail elsewhere."""
        named, member = self._roll.named, identity.standing == "member"
        found = recognition.tie(identity, named.values()) if member else None
        if found is not None:
            return Seen(identity=identity, person=found[0], tie=found[1])
        known = seen.get(account(identity))
        as_before = None if known is None else known.model_copy(update={"identity": identity})
        if as_before is not None and as_before.holds(named):
            return as_before
        elsewhere = recognition.same_mail(identity, seen.values()) if member else None
        if elsewhere is not None and elsewhere.holds(named):
            return Seen(identity=identity, person=elsewhere.person)
        return None

    def _is_news(self, identity: Identity) -> bool:
        decided = self._decided(identity, self._roll.seen)
        if decided is None:
            return bool(recognition.granted(identity, self._roll.grants))
        return decided != self._roll.seen.get(account(identity))

    def _unknown(self, identity: Identity) -> Refused:
        groups = ", ".join(f"@{handle}" for handle in self._roll.grants.get(identity.platform, {}))
        why = "Neither your e-mail nor a user group says who you are."
        if not identity.email:
            why = "Your e-mail is not shown to me, and no user group says who you are."
        do = f"{ASK}, or you to the user group {groups}." if groups else f"{ASK}."
        return Refused("I do not know you.", why, do)

    # -- keeping it ----------------------------------------------------------------------------------

    async def _take_in(self, identities: list[Identity]) -> None:
        """Decides, keeps and audits in one transaction, in which nobody else changes the people."""
        await self._core.store.write(lambda conn: self._keep(conn, identities))

    def _keep(self, conn: sa.Connection, identities: list[Identity]) -> None:
        core, now = self._core, self._core.clock.now()
        seen: dict[Account, Seen] = {account(one.identity): one for one in people_seen.read_all(conn)}
        before = self._roll.actors(seen.values())
        taken = {*people_seen.taken(conn), *before, *self._reserved}
        for identity in identities:
            known = seen.get(account(identity))
            decided = self._decided(identity, seen) or self._admitted(identity, taken)
            if decided is None and known is not None:  # who it was, but does not count as any more
                decided = known.model_copy(update={"identity": identity})
            if decided is None or decided == known:
                continue
            taken.add(decided.person)
            people_seen.put(conn, decided, now)
            if known is None or known.person != decided.person:
                pseudonyms.meet(conn, decided.person)
                by = decided.tie.partition(" ")[0] or "user group"
                core.note(conn, ACTOR, "recognised", decided.person, platform=identity.platform, by=by)
            seen[account(identity)] = decided
        self._note_roles(conn, before, self._roll.actors(seen.values()))
        edition = people_seen.edition(conn)
        after_commit(conn, lambda: self._roll.take(list(seen.values()), edition))

    def rename(self, conn: sa.Connection, named: Sequence[Named]) -> None:
        """From the end of the transaction on these are the people that the settings name; whose roles change is
        audited.
        """
        seen, edition = people_seen.read_all(conn), people_seen.edition(conn)
        before, after = self._roll.actors(seen), self._roll.actors(seen, {one.actor.id: one for one in named})
        for gone in before.keys() - after.keys():
            after[gone] = before[gone].model_copy(update={"roles": ()})
        self._note_roles(conn, before, after)
        after_commit(conn, lambda: self._roll.rename(named, seen, edition))

    def _admitted(self, identity: Identity, taken: set[str]) -> Seen | None:
        """A new person, let in by a user group."""
        if not recognition.granted(identity, self._roll.grants):
            return None
        return Seen(identity=identity, person=recognition.free_id(identity, taken))

    def _note_roles(self, conn: sa.Connection, before: dict[str, Actor], after: dict[str, Actor]) -> None:
        """Audits whose roles have changed, and has the cards that say who may decide drawn anew."""
        changed = False
        for person, actor in after.items():
            had = before[person].roles if person in before else ()
            if set(had) != set(actor.roles):
                changed = True
                self._core.note(conn, ACTOR, "roles", person, before=sorted(had), after=sorted(actor.roles))
        if changed:
            for number in deciders.waiting_runs(conn):
                self._core.cards.touch(conn, number)
