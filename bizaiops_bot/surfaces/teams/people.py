"""Who has written or clicked: Entra's object id, and what Teams tells of the member."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bizaiops_bot.conversation.lobby import Directory
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.identity import Identity, Standing
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.sdk import Account, TeamsChannelAccount

BOT = "28:"
"""How Teams' ids of bots begin; those of people begin with "29:"."""
GUEST_NAME = "#ext#"
KEPT_S = 600.0
MOST_KEPT = 5000


@dataclass(frozen=True)
class _Seen:
    at: float
    identity: Identity


class TeamsPeople:
    """Recognises people; what Teams tells of someone is kept for ten minutes. tenant: the company's; None: any."""

    def __init__(
        self, directory: Directory, calls: Calls, tenant: str | None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory, self._calls, self._tenant, self._now = directory, calls, tenant, now
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    async def recognise(self, account: Account, place: ChatPlace) -> Actor:
        """Raises Refused in words for that person, Temporary and Unknown when Teams cannot be asked now."""
        return await self._directory.recognise(await self.identity(account, place))

    async def identity(self, account: Account, place: ChatPlace) -> Identity:
        key = f"{place.reference.get('tenant', '')}/{account.id}"
        known = self._seen.get(key)
        if known is not None and self._now() - known.at < KEPT_S:
            return known.identity
        identity = await self._look_up(account, place)
        self._seen[key] = _Seen(self._now(), identity)
        self._seen.move_to_end(key)
        if len(self._seen) > MOST_KEPT:
            self._seen.popitem(last=False)
        return identity

    async def _look_up(self, account: Account, place: ChatPlace) -> Identity:
        tenant = place.reference.get("tenant", "")
        if account.id.startswith(BOT) or account.role == "bot":
            return _identity(account, None, tenant, "bot")
        try:
            member = await self._calls.member(place, account.id)
        except Permanent:
            return _identity(account, None, tenant, "stranger")
        return _identity(account, member, member.tenant_id or tenant, self._standing(account, member, tenant))

    def _standing(self, account: Account, member: TeamsChannelAccount, tenant: str) -> Standing:
        """A member has an object id in our tenant; a guest of ours has one too, and is told apart by role and name."""
        if not (member.aad_object_id or account.aad_object_id):
            return "stranger"
        if self._tenant is not None and {member.tenant_id or tenant, tenant or self._tenant} != {self._tenant}:
            return "stranger"
        guest = (member.user_role or "").lower() == "guest" or GUEST_NAME in (member.user_principal_name or "").lower()
        return "guest" if guest else "member"


def _identity(account: Account, member: TeamsChannelAccount | None, tenant: str, standing: Standing) -> Identity:
    user = (member.aad_object_id if member else None) or account.aad_object_id or account.id
    email = (member.email or member.user_principal_name or "") if member else ""
    return Identity(
        platform="teams",
        workspace=tenant,
        user=user,
        name=(member.name if member else None) or account.name or "",
        email=email.strip().lower() if standing == "member" else "",
        subject=user if standing == "member" else "",
        standing=standing,
    )
