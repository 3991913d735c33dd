"""A run's steps, streamed into an agent's thread while it works.

The strip is a message beside the run's card, not the card itself: Slack takes no metadata when a stream starts, so a
card whose posting was not confirmed could not be read back and might be posted twice; and a message that is being
streamed refuses the edits the card lives by. So the card stays the truth, and whatever goes wrong here ends the strip.
A strip that a dead process left open is closed by Slack; nobody goes on with it, and none is begun in its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from slack_sdk.models.messages.chunk import Chunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from bizaiops_bot.domain.cards import StepLine, Steps
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason

PACE_S = 1.0
MOST = 50
DETAIL = 250
STATUS = {
    "planned": "pending",
    "running": "in_progress",
    "waiting": "in_progress",
    "done": "complete",
    "failed": "error",
    "skipped": "complete",
    "undone": "complete",
}


@dataclass
class Strip:
    """shown: what each step looked like when it was last sent. ts: of the stream, "" while there is none."""

    channel: str
    thread: str
    user: str
    card: PostedCard
    live: bool = False
    ts: str = ""
    shown: dict[str, str] = field(default_factory=dict)


class Strips:
    """One strip a run's card at a time; it is closed when the run waits for people and when it ends."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._strips: dict[str, Strip] = {}
        self._changed: dict[str, None] = {}
        self._given_up: set[str] = set()
        self._wake = asyncio.Event()
        self._off = False

    def show(self, channel: str, thread: str, user: str, card: PostedCard, *, live: bool) -> None:
        """The card as it is now. live: its run is at work."""
        if self._off or card.id in self._given_up:
            return
        strip = self._strips.get(card.id)
        if strip is None:
            if not live or len(self._strips) >= MOST:
                return
            strip = self._strips[card.id] = Strip(channel, thread, user, card)
        strip.card, strip.live = card, live
        self._changed[card.id] = None
        self._wake.set()

    async def run(self, client: AsyncWebClient, team: str) -> None:
        """Sends what has changed, at most once a second, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._changed:
                card = next(iter(self._changed))
                del self._changed[card]
                try:
                    await self._send(client, team, self._strips[card])
                except FAILURES as exc:
                    self._give_up(card, reason(exc))
                await self._sleep(PACE_S)

    async def _send(self, client: AsyncWebClient, team: str, strip: Strip) -> None:
        chunks = _changed(strip)
        if strip.live and not strip.ts:
            started = await client.chat_startStream(
                channel=strip.channel,
                thread_ts=strip.thread,
                recipient_user_id=strip.user,
                recipient_team_id=team or None,
                task_display_mode="timeline",
                chunks=chunks,
            )
            strip.ts = str(started["ts"])
        elif strip.live and chunks:
            await client.chat_appendStream(channel=strip.channel, ts=strip.ts, chunks=chunks)
        elif not strip.live:
            del self._strips[strip.card.id]
            if strip.ts:
                await client.chat_stopStream(channel=strip.channel, ts=strip.ts, chunks=chunks or None)

    def _give_up(self, card: str, why: str) -> None:
        self._strips.pop(card, None)
        self._given_up.add(card)
        if len(self._given_up) == 1:
            log.info("progress is not streamed: %s; the cards show it", why)
        self._off = len(self._given_up) >= MOST  # it never works here


def _changed(strip: Strip) -> list[Chunk]:
    """Chunks for steps that look different than when they were last sent."""
    chunks: list[Chunk] = []
    for number, step in enumerate(_steps(strip.card)):
        looks = f"{step.status} {step.detail}"
        if strip.shown.get(str(number)) != looks:
            strip.shown[str(number)] = looks
            chunks.append(_chunk(number, step))
    return chunks


def _steps(card: PostedCard) -> tuple[StepLine, ...]:
    return next((block.steps for block in card.blocks if isinstance(block, Steps)), ())


def _chunk(number: int, step: StepLine) -> Chunk:
    noted = step.status if step.status in ("skipped", "undone") else ""
    details = " · ".join(part for part in (noted, step.detail) if part)[:DETAIL]
    return TaskUpdateChunk(id=f"step-{number}", title=step.name, status=STATUS[step.status], details=details or None)
