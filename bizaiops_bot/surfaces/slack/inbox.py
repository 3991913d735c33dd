"""What Slack sends, however it comes: kept before it is answered, or answered by the listener within three seconds."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from slack_bolt.response import BoltResponse

from bizaiops_bot.conversation.lobby import Events
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.surfaces.slack.bolt import Dispatch

log = logging.getLogger("bizaiops.slack")
ANSWER_S = 2.8
STOP_S = 2.0
AGAIN_S = 1.0
Payload = dict[str, Any]
SEEN_BY_ALL = {"response_type": "in_channel"}
"""The answer to a slash command by which Slack shows its words to the channel: so the bot's answer has a question."""


def key_of(body: Payload) -> str | None:
    """Under which an event or a command is kept; None for what waits for its listener's answer, and is not kept.

    A command that opens a form does: the form has to open within 3 s, and later nobody waits for it.
    """
    if body.get("type") == "event_callback":
        return f"slack/{body['event_id']}"
    if "command" in body and not is_form(body):
        return f"slack/{body['trigger_id']}"
    return None


def is_form(body: Payload) -> bool:
    return str(body.get("text") or "").split()[:1] in ([], ["form"])


class Inbox:
    """kept: events that listeners deal with now."""

    def __init__(self, dispatch: Dispatch, events: Events) -> None:
        self._dispatch, self._events = dispatch, events
        self.kept: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def take(self, key: str, raw: str, body: Payload) -> None:
        """Returns once it is kept; what came before is let be. raw: `body` as JSON. Raises StoreDown."""
        if await self._events.take(key, "slack", raw):
            self._begin(key, body)

    async def answer(self, body: Payload) -> BoltResponse:
        """What Slack is to be answered; after 2.8 s that it was heard, while the work goes on."""
        task = self._spawn(self._dispatch.at_once(body))
        await asyncio.wait({task}, timeout=ANSWER_S)
        if not task.done():
            log.warning("a %s took longer than Slack waits", body.get("type", "command"))
            return BoltResponse(status=200)
        if task.exception() is not None:
            log.error("a %s could not be read", body.get("type", "command"), exc_info=task.exception())
            return BoltResponse(status=400)
        answer: BoltResponse = task.result()
        return answer

    async def go_on(self) -> int:
        """Takes up what a dead process left; how much that was."""
        left = await self._events.left("slack")
        for key, raw in left:
            try:
                body = json.loads(raw)
            except ValueError:
                log.error("event %s cannot be read and is let go", key)
                await self._events.end(key)
                continue
            if key not in self.kept:
                self._begin(key, body)
        return len(left)

    async def stop(self) -> None:
        """What does not end within two seconds is taken up at the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, key: str, body: Payload) -> None:
        self.kept.add(key)
        self._spawn(self._deal(key, body))

    async def _deal(self, key: str, body: Payload) -> None:
        """What cannot be read is logged and let go: coming again with every start would help nobody."""
        try:
            await self._dispatch.to_the_end(body)
            await self._end(key)
        except BotError as exc:
            log.warning("event %s is dealt with again at the next start: %s", key, exc)
        except Exception:
            log.exception("event %s is let go", key)
            await self._end(key)
        finally:
            self.kept.discard(key)

    async def _end(self, key: str) -> None:
        """However long the database is away: left open, it would be done again at some start long after."""
        while True:
            try:
                return await self._events.end(key)
            except StoreDown as exc:
                log.warning("event %s was dealt with, which is noted later: %s", key, exc)
                await asyncio.sleep(AGAIN_S)

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
