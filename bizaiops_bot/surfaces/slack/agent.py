"""The bot as Slack's agent in direct messages: "is looking at churn…", and a title for the thread."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.surfaces.slack.failures import FAILURES, log, reason
from bizaiops_bot.surfaces.slack.workspace import Workspace

ABSENT = frozenset(
    {
        "unknown_method",
        "not_allowed",
        "missing_scope",
        "not_allowed_token_type",
        "access_denied",
        "no_permission",
        "feature_not_enabled",
        "team_access_not_granted",
        "no usable answer",
    }
)
"""The workspace, or the app in it, has no agents: not tried again in this process."""
TITLE = 60
MOST = 500
_WORD = re.compile(r"[\w.-]+")
Thread = tuple[str, str]


class Agent:
    """Best effort, as answers come without it. Each thread's newest state is set; one before it is not made up for."""

    def __init__(self) -> None:
        self._wanted: dict[Thread, str | None] = {}
        self._titled: dict[Thread, None] = {}
        self._wake = asyncio.Event()
        self._off: set[str] = set()

    def begins(self, channel: str, thread: str, text: str) -> None:
        """Somebody said `text` there and is being answered."""
        self._want((channel, thread), text)

    def ends(self, channel: str, thread: str) -> None:
        """The answer is there."""
        self._want((channel, thread), None)

    async def run(self, workspace: Workspace) -> None:
        """Sets what is wanted, one after the other, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                thread = next(iter(self._wanted))
                try:
                    await self._set(workspace, thread, self._wanted.pop(thread))
                except BotError as exc:  # the models' names cannot be read now
                    log.debug("a status is not set: %s", exc)

    async def has(self, method: str, call: Callable[[], Awaitable[object]]) -> bool:
        """Calls unless the workspace lacks the method; False when it lacks it or refuses."""
        if method in self._off:
            return False
        try:
            await call()
        except FAILURES as exc:
            if reason(exc) in ABSENT:
                self._off.add(method)
                log.info("this workspace has no %s (%s); done without", method, reason(exc))
            else:
                log.debug("%s: %s", method, reason(exc))
            return False
        return True

    def _want(self, thread: Thread, text: str | None) -> None:
        self._wanted.pop(thread, None)
        self._wanted[thread] = text
        self._wake.set()

    async def _set(self, workspace: Workspace, at: Thread, text: str | None) -> None:
        channel, thread = at
        status = "" if text is None else await _doing(workspace, text)
        set_status, set_title = (
            workspace.client.assistant_threads_setStatus,
            workspace.client.assistant_threads_setTitle,
        )
        has = await self.has(
            "assistant.threads.setStatus", lambda: set_status(channel_id=channel, thread_ts=thread, status=status)
        )
        if has and text is not None and at not in self._titled:
            self._titled[at] = None
            while len(self._titled) > MOST:
                self._titled.pop(next(iter(self._titled)))
            title = _short(text)
            await self.has(
                "assistant.threads.setTitle", lambda: set_title(channel_id=channel, thread_ts=thread, title=title)
            )


async def _doing(workspace: Workspace, text: str) -> str:
    """Names the model that is spoken of, when there is one."""
    said = {word.lower() for word in _WORD.findall(text)}
    models = [model.name for model in (await workspace.lobby.desk.catalogue()).models if model.name.lower() in said]
    return f"is looking at {models[0]}…" if models else "is reading your words…"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE else f"{line[: TITLE - 1]}…"
