"""What every Slack listener works with."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.conversation.lobby import Lobby
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.surfaces.slack.settings import SlackSettings

log = logging.getLogger("bizaiops.slack")
PREFIX = "slack:"
Recognise = Callable[[str, str], Awaitable[Actor]]
"""(user id, team id) -> the person. Raises Refused in words for them."""


@dataclass(frozen=True)
class Room:
    """The workspace as listeners see it: the bot's own user and team, its client, and the lobby.

    person: who a user is to the bot; from memory where possible, else by users.info.
    """

    lobby: Lobby
    client: AsyncWebClient
    settings: SlackSettings
    person: Recognise
    bot_user: str = ""
    team: str = ""

    @staticmethod
    def conversation(channel: str) -> str:
        """The bot's name of a Slack channel: "slack:C0123"."""
        return f"{PREFIX}{channel}"

    async def tell(self, channel: str, user: str, text: str, *, thread: str | None = None) -> None:
        """Says something that only `user` sees. Not kept and not repeated; a failure is logged.

        text: plain, escaped here.
        """
        from bizaiops_bot.surfaces.render.blockkit import escape

        try:
            await self.client.chat_postEphemeral(channel=channel, user=user, text=escape(text), thread_ts=thread)
        except SlackApiError as exc:
            log.warning("%s in %s was not told: %s", user, channel, exc.response.get("error"))
