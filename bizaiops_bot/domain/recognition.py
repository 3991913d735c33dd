"""Who somebody of a chat platform is to the bot, which roles they have, and what a new person is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from bizaiops_bot.domain.identity import Identity, PlatformName
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Value

Grants = Mapping[PlatformName, Mapping[str, tuple[str, ...]]]
"""platform -> handle of a user group -> roles of its members."""
LONGEST_ID = 63
LONGEST_NAME = 60
_PSEUDONYM = re.compile("p-[a-z2-7]{12}")  # how the audit spells people


class Named(Value):
    """Somebody the settings name. email: lower case. Either may be empty: nobody is known by it."""

    actor: Actor
    email: str = ""
    subject: str = ""

    @property
    def ties(self) -> set[str]:
        """What makes an identity theirs."""
        return {f"{kind} {value}" for kind, value in (("email", self.email), ("subject", self.subject)) if value}


class Seen(Value):
    """An identity that was recognised. tie: what in the settings made it this person; empty: their user groups did."""

    identity: Identity
    person: str
    tie: str = ""

    def holds(self, named: Mapping[str, Named]) -> bool:
        """Whether the settings of now still say so. A member whose e-mail has changed is not who had it before; one
        whose e-mail is not shown just now is.
        """
        owner = named.get(self.person)
        if not self.tie:
            return owner is None
        shown = self.identity.email if self.identity.standing == "member" and self.tie.startswith("email ") else ""
        return owner is not None and self.tie in owner.ties and (not shown or self.tie == f"email {shown}")


def tie(identity: Identity, named: Iterable[Named]) -> tuple[str, str] | None:
    """(person, what makes it them) by the settings: the sign-in's subject first, then the e-mail; None for nobody.

    Teams' own id of a user is a subject, too.
    """
    own = {identity.subject, identity.user if identity.platform == "teams" else ""} - {""}
    people = list(named)
    found = next(((p.actor.id, f"subject {p.subject}") for p in people if p.subject in own), None)
    if found is not None or not identity.email:
        return found
    return next(((p.actor.id, f"email {p.email}") for p in people if p.email == identity.email), None)


def same_mail(identity: Identity, seen: Iterable[Seen]) -> Seen | None:
    """Somebody let in by their user groups, whom another platform shows with the same e-mail."""
    same = (s for s in seen if not s.tie and identity.email and s.identity.email == identity.email)
    return next((s for s in same if s.identity.standing == "member"), None)


def granted(identity: Identity, grants: Grants) -> tuple[str, ...]:
    """The roles that the user groups of a member give."""
    if identity.standing != "member":
        return ()
    of_groups = grants.get(identity.platform, {})
    return tuple(dict.fromkeys(role for group in identity.groups for role in of_groups.get(group, ())))


def actor(person: str, named: Named | None, accounts: Collection[Seen], grants: Grants) -> Actor:
    """The person with the roles of now.

    accounts: those that hold. Somebody whose every account is deactivated has left, and has no roles at all.
    """
    gone = bool(accounts) and all(seen.identity.standing == "deactivated" for seen in accounts)
    roles = () if named is None else named.actor.roles
    for seen in accounts:
        roles += granted(seen.identity, grants)
    name = named.actor.name if named is not None else next((s.identity.name for s in accounts if s.identity.name), "")
    return Actor(id=person, name=tidy_name(name) or person, roles=() if gone else tuple(dict.fromkeys(roles)))


def tidy_name(name: str) -> str:
    """A display name on one line, without what cannot be printed."""
    shown = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(shown.split())[:LONGEST_NAME]


def free_id(identity: Identity, taken: Collection[str]) -> str:
    """A new person's id: the local part of the e-mail, else of the name, made to fit; numbered when it is taken."""
    local = identity.email.partition("@")[0].partition("+")[0] or identity.name
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9_.-]+", ".", plain).strip("._-")
    stem = stem if re.match("[a-z]", stem) else f"user.{stem}".rstrip(".")
    stem = stem[: LONGEST_ID - 5].rstrip("._-")
    tried = stem
    number = 2
    while tried in taken or _PSEUDONYM.search(tried):
        tried, number = f"{stem}.{number}" if not _PSEUDONYM.search(stem) else f"user.{number}", number + 1
    return tried
