"""Whether Slack has a card whose posting was not confirmed: read from the thread and the channel it would stand in."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.surfaces.slack.calls import read

EVENT = "bizaiops_card"
PAGE = 200
LEEWAY_S = 86_400.0
"""How far Slack's clock and ours may be apart."""
UNKNOWN_S = 14 * 86_400.0
"""How far back a channel is read for what an earlier process tried to post: nobody tells when that was. A bot that
comes back later may post that one card a second time."""
MOST = 2000
Found = tuple[str, int]


def metadata(outbox_id: str, version: int) -> dict[str, Any]:
    """By which a card is found again."""
    return {"event_type": EVENT, "event_payload": {"outbox_id": outbox_id, "version": version}}


@dataclass(frozen=True)
class Tried:
    """at: UTC seconds."""

    at: float
    thread: str | None


class ReadingBack:
    """What this process has tried to post is known, so that little has to be read. wall: UTC seconds."""

    def __init__(self, client: AsyncWebClient, wall: Callable[[], float] = time.time) -> None:
        self._client, self._wall = client, wall
        self._tried: OrderedDict[str, Tried] = OrderedDict()
        self._latest: dict[str, str] = {}

    def tries(self, outbox_id: str, thread: str | None) -> None:
        """It is about to be posted; the first try counts."""
        self._tried.setdefault(outbox_id, Tried(self._wall(), thread))
        while len(self._tried) > MOST:
            self._tried.popitem(last=False)

    def posted(self, outbox_id: str) -> None:
        self._tried.pop(outbox_id, None)

    async def find(self, channel: str, outbox_id: str, thread: str | None) -> Found | None:
        """None is a promise that there is none. Raises Temporary and Permanent when that cannot be told."""
        tried = self._tried.get(outbox_id)
        since = self._wall() - UNKNOWN_S if tried is None else tried.at - LEEWAY_S
        threads = {root for root in (thread, tried.thread if tried else None) if root is not None}
        for root in sorted(threads):
            if found := await self._in_thread(channel, root, outbox_id, since):
                return found
        found = await self._in_channel(channel, outbox_id, since)
        if found is None:
            self.posted(outbox_id)  # the next try is another one
        return found

    async def _in_thread(self, channel: str, root: str, outbox_id: str, since: float) -> Found | None:
        cursor = ""
        while True:
            call = self._client.conversations_replies(
                channel=channel,
                ts=root,
                limit=PAGE,
                cursor=cursor or None,
                oldest=f"{since:.6f}",
                include_all_metadata=True,
                inclusive=True,
            )
            try:
                answer = await read(f"The thread {root} of {channel} was not read.", call)
            except Permanent as exc:
                if "thread_not_found" in exc.why or "message_not_found" in exc.why:
                    return None  # somebody deleted it, with all that was in it
                raise
            if found := _card_in(answer["messages"], outbox_id):
                return found
            cursor = _next(answer)
            if not cursor:
                return None

    async def _in_channel(self, channel: str, outbox_id: str, since: float) -> Found | None:
        """From the newest on; the next look goes on where one that was cut short has ended."""
        latest = self._latest.pop(outbox_id, "")
        while True:
            if latest:
                self._latest[outbox_id] = latest
            call = self._client.conversations_history(
                channel=channel,
                limit=PAGE,
                oldest=f"{since:.6f}",
                latest=latest or None,
                include_all_metadata=True,
                inclusive=True,
            )
            answer = await read(f"{channel} was not read.", call)
            messages = answer["messages"]
            found = _card_in(messages, outbox_id)
            if found or not answer.get("has_more") or not messages or messages[-1]["ts"] == latest:
                self._latest.pop(outbox_id, None)
                return found
            latest = str(messages[-1]["ts"])


def _card_in(messages: list[dict[str, Any]], outbox_id: str) -> Found | None:
    for message in messages:
        given = message.get("metadata") or {}
        payload = given.get("event_payload") or {}
        if given.get("event_type") == EVENT and payload.get("outbox_id") == outbox_id:
            return str(message["ts"]), int(payload.get("version", 0))
    return None


def _next(answer: Any) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
