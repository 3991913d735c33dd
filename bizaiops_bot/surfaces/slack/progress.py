"""What people see while their words are worked on: a reaction, the agent's status, a live strip of steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.posts import PostedCard, PostedMessage
from bizaiops_bot.surfaces.slack import reactions_queue as emoji
from bizaiops_bot.surfaces.slack.agent import Agent
from bizaiops_bot.surfaces.slack.agent_stream import Strips
from bizaiops_bot.surfaces.slack.failures import log
from bizaiops_bot.surfaces.slack.reactions_queue import Reactions
from bizaiops_bot.surfaces.slack.workspace import Workspace

MOST = 1000
RUN = "run-"
AGAIN_S = 1.0
Hear = Callable[[PostedCard], None]


@dataclass(frozen=True)
class Followed:
    """A message from Slack that is being answered. agent: in the direct messages, where Slack shows agents."""

    message: PostedMessage
    channel: str
    ts: str
    thread: str
    user: str
    agent: bool


class Progress:
    """Follows messages until they are answered, and runs that came of them until they end.

    All of it is best effort and in this process's memory: after a restart the cards tell how things stand.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self.reactions = Reactions(sleep)
        self.agent = Agent()
        self.strips = Strips(sleep)
        self._followed: dict[str, Followed] = {}
        self._newest: dict[str, PostedCard] = {}
        self._listeners: list[Hear] = []
        self._wake = asyncio.Event()
        self._began: datetime | None = None
        self._late: list[Followed] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, listener: Hear) -> None:
        """Has `listener` called with every card from now on; adding it twice is adding it once."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    def taken(self, message: PostedMessage, *, channel: str, ts: str, user: str, thread: str | None = None) -> None:
        """`message` came from Slack as `ts` of `channel`, in the thread `thread`, and is being answered."""
        agent = channel.startswith("D")
        followed = Followed(message, channel, ts, thread or ts, user, agent)
        while len(self._followed) >= MOST:
            self._forget(next(iter(self._followed)))
        self._followed[message.id] = followed
        self.reactions.show((channel, ts), emoji.TAKEN)
        if self._began is None or message.at < self._began:  # an earlier process took it: it may be answered already
            self._late.append(followed)
        self._wake.set()
        if agent:
            self.agent.begins(channel, followed.thread, message.text)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside, at the latest until the surface stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, workspace: Workspace) -> None:
        """Follows the desk until cancelled."""
        self._began = workspace.lobby.desk.reads.clock.now()
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self._listen(workspace), self._work(workspace), self.reactions.run(workspace.client)):
                    tasks.create_task(work)
                tasks.create_task(self.agent.run(workspace))
                if workspace.settings.stream:
                    tasks.create_task(self.strips.run(workspace.client, workspace.team))
        finally:
            for task in list(self._tasks):
                task.cancel()

    async def _listen(self, workspace: Workspace) -> None:
        after: int | None = None
        while True:
            try:
                async for post in workspace.lobby.desk.events(None, after=after):
                    after = post.seq
                    if isinstance(post, PostedCard):
                        self._heard(post)
            except BotError as exc:
                log.warning("progress is not followed: %s", exc)
                await self._sleep(AGAIN_S)

    def _heard(self, card: PostedCard) -> None:
        if card.reply_to in self._followed:
            self._newest[card.reply_to] = card
            self._wake.set()
        for listener in self._listeners:
            listener(card)

    async def _work(self, workspace: Workspace) -> None:
        """One at a time, each as it is by then: what changed meanwhile is not looked at on its own."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._late or self._newest:
                try:
                    await self._next(workspace)
                except Exception as exc:  # of one message; the others' progress goes on
                    log.warning("progress is not shown: %s", exc, exc_info=not isinstance(exc, BotError))
                    await self._sleep(AGAIN_S)

    async def _next(self, workspace: Workspace) -> None:
        if self._late:
            followed = self._late.pop()
            said = followed.message
            found = await workspace.lobby.desk.cards(said.conversation, after=said.seq)
            for card in found:
                if card.reply_to == said.id:
                    self._newest.setdefault(said.id, card)
            return
        message = next(iter(self._newest))
        await self._show(workspace, message, self._newest.pop(message))

    async def _show(self, workspace: Workspace, message: str, card: PostedCard) -> None:
        followed = self._followed.get(message)
        if followed is None:
            return
        self.agent.ends(followed.channel, followed.thread)
        status = await _status(workspace, card)
        self.reactions.show((followed.channel, followed.ts), STANDS.get(status, emoji.TAKEN))
        if followed.agent and _is_run(card) and self._is_ours(followed):
            self.strips.show(followed.channel, followed.thread, followed.user, card, live=status == "running")
        if STANDS.get(status) in emoji.FINAL:
            self._forget(message)

    def _is_ours(self, followed: Followed) -> bool:
        """Whether this process took it first: a strip of an earlier one may stand there already."""
        return self._began is not None and followed.message.at >= self._began

    def _forget(self, message: str) -> None:
        self._followed.pop(message, None)
        self._newest.pop(message, None)


STANDS = {
    "ok": emoji.DONE,
    "refused": emoji.FAILED,
    "failed": emoji.FAILED,
    "waiting": emoji.WAITS,
    "running": emoji.TAKEN,
    "succeeded": emoji.DONE,
    "rejected": emoji.FAILED,
    "cancelled": emoji.FAILED,
    "expired": emoji.FAILED,
}


def _is_run(card: PostedCard) -> bool:
    """Whether it is the card of a run, which changes with it; an answer about a run does not."""
    return card.card.run_id is not None and card.id.startswith(RUN)


async def _status(workspace: Workspace, card: PostedCard) -> str:
    """Of the run whose card it is, else how the answer on it ended."""
    run = card.card.run_id
    if run is None or not _is_run(card):
        return card.card.answer
    return (await workspace.lobby.desk.reads.records.run(run)).status
