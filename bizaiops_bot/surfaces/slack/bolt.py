"""slack-bolt with all listeners: what came in is given to the one it concerns."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.surfaces.slack.listeners import register_all
from bizaiops_bot.surfaces.slack.room import Room
from bizaiops_bot.surfaces.slack.settings import SlackSettings

log = logging.getLogger("bizaiops.slack.bolt")
NAME = "slack-bolt-app"
"""Bolt sets the level of the logger of that name, so it is none of ours."""
AT_ONCE = 64
Payload = dict[str, Any]


class FirstAck(AsyncAck):
    """Bolt takes an answer back when the listener raises right after it, and then lets Slack wait in vain."""

    _given: BoltResponse | None = None

    @property
    def response(self) -> BoltResponse | None:
        return self._given

    @response.setter
    def response(self, answer: BoltResponse | None) -> None:
        self._given = answer or self._given


class Dispatch:
    """Signatures were checked before, at the door or by the socket. room: raises Temporary until Slack is reached."""

    def __init__(self, settings: SlackSettings, room: Callable[[], Room]) -> None:
        self._room = room
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(AT_ONCE)
        log.setLevel(logging.ERROR)  # what no listener wants is nothing to warn of

        async def authorize() -> AuthorizeResult:  # a method would be asked for its `self`: bolt goes by the names
            return self._authorized()

        self._at_ack = AsyncApp(
            name=NAME,
            logger=log,
            client=AsyncWebClient(base_url=settings.base_url),
            authorize=authorize,
            signing_secret="",
            request_verification_enabled=False,
            raise_error_for_unhandled_request=True,
        )
        register_all(self._at_ack, room)
        # An app whose answer to a request comes when its listener has ended, with the same listeners.
        self._at_end = copy.copy(self._at_ack)
        self._at_end._async_listener_runner = copy.copy(self._at_ack.listener_runner)
        self._at_end.listener_runner.process_before_response = True

    async def at_once(self, body: Payload) -> BoltResponse:
        """What Slack is to be answered, as soon as the listener knows; the listener goes on."""
        request = AsyncBoltRequest(mode="socket_mode", body=body, context={"ack": FirstAck()})  # type: ignore[no-untyped-call]
        return await self._at_ack.async_dispatch(request)

    async def to_the_end(self, body: Payload) -> None:
        """Returns when the listener has ended. What one person says in a conversation is heard in its order."""
        if is_talk(body.get("event") or {}):
            return
        async with self._turn(_speaker(body)), self._slots:  # so that who waits for a turn holds no slot
            await self._at_end.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))

    @asynccontextmanager
    async def _turn(self, speaker: str) -> AsyncIterator[None]:
        self._waiting[speaker] += 1
        try:
            async with self._turns[speaker]:
                yield
        finally:
            self._waiting[speaker] -= 1
            if not self._waiting[speaker]:
                del self._waiting[speaker], self._turns[speaker]

    def _authorized(self) -> AuthorizeResult:
        """From what auth.test has said at the start: no call for each request."""
        room = self._room()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=room.team,
            bot_user_id=room.bot_user,
            bot_id=room.bot_id,
            bot_token=room.client.token,
        )


def is_talk(event: Payload) -> bool:
    """What no listener wants, and comes most: words of people to each other, and of bots, this one's cards too."""
    if event.get("type") not in ("message", "app_mention"):
        return False
    mentions = event["type"] == "app_mention"
    return bool(event.get("bot_id")) or not (mentions or event.get("channel_type") in ("im", "mpim"))


def _speaker(body: Payload) -> str:
    event = body.get("event") or body
    channel, user = event.get("channel") or event.get("channel_id"), event.get("user") or event.get("user_id")
    return f"{channel}/{user}"
