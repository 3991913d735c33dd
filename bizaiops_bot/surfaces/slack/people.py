"""Slack's users as people of the bot: what Slack vouches for, kept for a while, and the user groups they are in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.conversation.lobby import Directory
from bizaiops_bot.domain.errors import BotError, Permanent, Temporary
from bizaiops_bot.domain.identity import Identity, Standing
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.surfaces.slack.calls import read

log = logging.getLogger("bizaiops.slack")
MOST = 5000
UNSEEN = ("user_not_found", "user_not_visible", "users_not_found")
User = dict[str, Any]


@dataclass(frozen=True)
class Home:
    """What the app is installed in. enterprise: id of the Enterprise Grid organisation, "" without one."""

    team: str
    enterprise: str = ""

    def has(self, user: User) -> bool:
        """Whether a user of users.info is of our company."""
        grid = user.get("enterprise_user") or {}
        if user.get("is_stranger"):
            return False
        if self.enterprise and grid.get("enterprise_id") == self.enterprise:
            return True
        return self.team in (user.get("team_id"), *grid.get("teams", ())) or not user.get("team_id")

    def workspaces(self, user: User) -> Iterable[str]:
        """Of our own organisation that the user is in: a payload names the one in which something was done."""
        grid = user.get("enterprise_user") or {}
        return (
            map(str, grid.get("teams", ())) if self.enterprise and grid.get("enterprise_id") == self.enterprise else ()
        )


class People:
    """keep_s: how long an answer of users.info is believed. now: seconds."""

    def __init__(
        self,
        client: AsyncWebClient,
        directory: Directory,
        home: Home,
        *,
        keep_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._directory, self._home = client, directory, home
        self._keep_s, self._now = keep_s, now
        self._known: OrderedDict[str, tuple[float, Identity]] = OrderedDict()
        self._teams: dict[str, frozenset[str]] = {}
        self._asking: dict[str, asyncio.Task[Identity]] = {}
        # Until Slack says otherwise: who speaks first after a restart must not lose a role for that.
        self._groups: dict[str, tuple[str, ...]] = directory.groups("slack")

    async def person(self, user: str, team: str) -> Actor:
        """Raises Refused in words for them; Temporary while Slack does not say who they are."""
        return await self._directory.recognise(await self.identity(user, team))

    async def identity(self, user: str, team: str = "") -> Identity:
        """team: the user's own, where the payload tells it; over Slack Connect it is not ours."""
        found = await self._of(user)
        ours = {"", self._home.team, self._home.enterprise, found.workspace, *self._teams.get(user, ())}
        if found.standing == "member" and team not in ours:
            return found.model_copy(update={"standing": "stranger", "workspace": team})
        return found.model_copy(update={"groups": self._groups.get(user, ())})

    async def name(self, user: str) -> str:
        """What the bot calls a user whom somebody mentions: the person's id, else "@name"."""
        try:
            identity = await self.identity(user)
            return (await self._directory.recognise(identity)).id
        except Temporary:
            return f"@{user}"
        except BotError:
            return f"@{identity.name or user}"

    async def refresh(self, members: dict[str, tuple[str, ...]], known: list[str]) -> None:
        """members: user -> handles of the groups they are in now. They and the users `known` are asked for anew; while
        Slack does not tell of one, what it told before holds, as nobody may keep a role for that.
        """
        self._groups = members
        identities = []
        for user in dict.fromkeys([*members, *known]):
            before = self._known.pop(user, None)
            try:
                identities.append(await self.identity(user))
            except Temporary as exc:
                if before is None and user in members:
                    raise
                log.warning("%s is as before: %s", user, exc)
                if before is None:
                    continue
                self._known[user] = before
                identities.append(before[1].model_copy(update={"groups": members.get(user, ())}))
        await self._directory.refresh("slack", identities)

    def forget(self, user: str) -> None:
        """Something about the user has changed."""
        self._known.pop(user, None)

    # -- asking Slack --------------------------------------------------------------------------------

    async def _of(self, user: str) -> Identity:
        kept = self._known.get(user)
        if kept is not None and kept[0] > self._now():
            return kept[1]
        task = self._asking.get(user)
        if task is None:
            task = self._asking[user] = asyncio.create_task(self._ask(user))
            task.add_done_callback(lambda _: self._asking.pop(user, None))
        return await asyncio.shield(task)

    async def _ask(self, user: str) -> Identity:
        what = "I could not find out who you are, so nothing was done."
        try:
            answer = await read(what, self._client.users_info(user=user))
            found = dict(answer["user"])
            identity = self._identity(found)
            self._teams[user] = frozenset(self._home.workspaces(found))
        except Temporary as exc:
            raise Temporary(what, exc.why, "Say it again in a minute.", after_s=exc.after_s) from exc
        except Permanent as exc:
            if not any(word in exc.why for word in UNSEEN):
                raise Temporary(what, exc.why, exc.do or "Tell an administrator of the bot.") from exc
            identity = Identity(platform="slack", workspace=self._home.team, user=user, standing="stranger")
        self._known[user] = (self._now() + self._keep_s, identity)
        self._known.move_to_end(user)
        while len(self._known) > MOST:
            self._teams.pop(self._known.popitem(last=False)[0], None)
        return identity

    def _identity(self, user: User) -> Identity:
        profile = user.get("profile") or {}
        names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
        standing = standing_of(user, self._home)
        return Identity(
            platform="slack",
            workspace=str(user.get("team_id") or self._home.team),
            user=str(user["id"]),
            name=next((name for name in names if name), ""),
            email=str(profile.get("email") or "").lower(),
            subject=str(user["id"]),  # "Sign in with Slack" has the user's id as its OIDC subject
            standing=standing,
        )


def standing_of(user: User, home: Home) -> Standing:
    """The first that holds: who has left is no guest any more, and a guest of another company is a stranger."""
    if user.get("deleted"):
        return "deactivated"
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == "USLACKBOT":
        return "bot"
    if not home.has(user):
        return "stranger"
    return "guest" if user.get("is_restricted") or user.get("is_ultra_restricted") else "member"


async def group_members(client: AsyncWebClient, handles: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """user -> handles of the named user groups they are in. A group that is not there is told in the log."""
    if not handles:
        return {}
    what = "The user groups were not read."
    listed = (await read(what, client.usergroups_list(include_disabled=False)))["usergroups"]
    groups = {group["handle"]: group["id"] for group in listed if group.get("handle") in handles}
    for handle in sorted(handles - set(groups)):
        log.warning("there is no user group @%s in Slack; its roles are given to nobody", handle)
    members: dict[str, tuple[str, ...]] = {}
    for handle, group in groups.items():
        answer = await read(what, client.usergroups_users_list(usergroup=group))
        for user in answer["users"]:
            members[user] = (*members.get(user, ()), handle)
    return members
