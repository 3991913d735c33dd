"""The workspace as the bot sees it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.surfaces.render.blockkit import escape
from bizaiops_bot.surfaces.slack.failures import FAILURES, reason
from bizaiops_bot.surfaces.slack.settings import SlackSettings

log = logging.getLogger("bizaiops.slack")
PREFIX = "slack:"
Recognise = Callable[[str, str], Awaitable[Actor]]
"""(user id, team id) -> the person. Raises Refused in words for them."""
Called = Callable[[str], Awaitable[str]]


async def _as_it_is(user: str) -> str:
    return f"@{user}"


@dataclass(frozen=True)
class Workspace:
    """The workspace as listeners see it: the bot's own user and team, its client, and the lobby.

    person: who a user is to the bot; from memory where possible, else by users.info. bot_id: B…, as on the bot's own
    messages. called: user id -> what the bot calls them, "lead", else "@name".
    """

    lobby: Lobby
    client: AsyncWebClient
    settings: SlackSettings
    person: Recognise
    bot_user: str = ""
    team: str = ""
    bot_id: str = ""
    called: Called = _as_it_is
    directs: dict[str, str] = field(default_factory=dict)
    """User -> channel of the direct messages, as far as opened."""

    @staticmethod
    def conversation(channel: str) -> str:
        """The bot's name of a Slack channel: "slack:C0123"."""
        return f"{PREFIX}{channel}"

    async def tell(self, channel: str, user: str, text: str, *, thread: str | None = None) -> bool:
        """Says something that only `user` sees; False, and logged, when Slack did not take it. Not kept, not repeated.

        text: plain, escaped here.
        """
        try:
            await self.client.chat_postEphemeral(channel=channel, user=user, text=escape(text), thread_ts=thread)
        except FAILURES as exc:
            log.info("%s in %s was not told: %s", user, channel, reason(exc))
            return False
        return True
