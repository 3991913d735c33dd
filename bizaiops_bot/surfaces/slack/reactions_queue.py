"""Reactions of the bot on people's messages: how far it is, at a glance, and never in the way of the cards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason, retry_after

TAKEN, WAITS, DONE, FAILED = "eyes", "hourglass_flowing_sand", "white_check_mark", "x"
FINAL = frozenset({DONE, FAILED})
ADD_EVERY_S = 1.2
"""Slack takes 50 `reactions.add` a minute."""
REMOVE_EVERY_S = 3.0
"""And 20 `reactions.remove`."""
MOST = 300
HARMLESS = frozenset({"already_reacted", "no_reaction", "message_not_found"})

Message = tuple[str, str]
"""Channel and ts."""


class Reactions:
    """Best effort: what a message should carry is remembered, not what happened on the way, so that a quick answer
    costs one call. Above `MOST` messages new ones get none.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._wanted: dict[Message, str] = {}
        self._shown: dict[Message, str] = {}
        self._wake = asyncio.Event()
        self._told: set[str] = set()

    def show(self, message: Message, emoji: str) -> None:
        """From now on the message should carry `emoji` and no other of ours."""
        if self._shown.get(message) == emoji or (len(self._wanted) >= MOST and message not in self._wanted):
            self._wanted.pop(message, None)
            return
        self._wanted[message] = emoji
        self._wake.set()

    async def run(self, client: AsyncWebClient) -> None:
        """Sets reactions one after the other, until cancelled."""
        while True:
            await self._wake.wait()
            while self._wanted:
                message = next(iter(self._wanted))
                await self._set(client, message, self._wanted.pop(message))
            self._wake.clear()

    async def _set(self, client: AsyncWebClient, message: Message, emoji: str) -> None:
        channel, ts = message
        old = self._shown.pop(message, "")
        if emoji not in FINAL:
            self._shown[message] = emoji
            self._forget_oldest()
        await self._call(lambda: client.reactions_add(channel=channel, timestamp=ts, name=emoji), ADD_EVERY_S)
        if old:
            await self._call(lambda: client.reactions_remove(channel=channel, timestamp=ts, name=old), REMOVE_EVERY_S)

    def _forget_oldest(self) -> None:
        while len(self._shown) > MOST:
            self._shown.pop(next(iter(self._shown)))

    async def _call(self, call: Callable[[], Awaitable[object]], pace_s: float) -> None:
        """Once, and once more when Slack asks to wait."""
        for _ in range(2):
            try:
                await call()
            except FAILURES as exc:
                wait = retry_after(exc)
                if wait is not None:
                    await self._sleep(wait)
                    continue
                self._tell_once(reason(exc))
            await self._sleep(pace_s)
            return

    def _tell_once(self, why: str) -> None:
        if why not in HARMLESS and why not in self._told:
            self._told.add(why)
            log.warning("reactions are not set: %s; this is not said again", why)
