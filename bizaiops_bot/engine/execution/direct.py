"""Runs that answer at once: questions, and changes of the bot's own state. No plan, no gate, nothing to recover."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NoReturn, TypeVar

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.judge import JudgeSpec, Stage
from bizaiops_bot.domain.monitoring import ArmSample, Verdict
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.engine.execution.base import PortedRun, wants
from bizaiops_bot.playbook.run import Question

T = TypeVar("T")
Post = Callable[[Card, str | None], Awaitable[None]]


class DirectRun(PortedRun):
    """Steps are done right away with the message's id as their key; waits and gates belong to `risk="change"`."""

    def __init__(self, key: str, actor: Actor, conversation: str, ports: Ports, time_zone: str, post: Post) -> None:
        super().__init__(0, actor, conversation, ports, time_zone)
        self._key, self._post, self._n = key, post, 0

    async def step(
        self,
        name: str,
        do: Callable[..., Awaitable[T]],
        *args: Any,
        changes: Iterable[DiffLine] = (),
        assume: T | None = None,
        detail: Callable[[T], str] | None = None,
        timeout: str = "30m",
        **kwargs: Any,
    ) -> T:
        self._n += 1
        if wants(do, "key"):
            kwargs.setdefault("key", f"{self._key}/{self._n}")
        if wants(do, "actor"):
            kwargs.setdefault("actor", self.actor.id)
        return await do(*args, **kwargs)

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        return await do(*args, **kwargs)

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        await self._post(card, conversation)

    async def approve(
        self,
        question: str,
        *,
        quorum: int = 1,
        role: str = "approver",
        people: Iterable[str] = (),
        expires: str = "24h",
        escalate: Mapping[str, str] | None = None,
        undo: str = "",
        foresight: str = "",
    ) -> None:
        _only_changes("approve")

    def patched(self, change: str) -> bool:
        return True

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        _only_changes("undo")

    async def judge(
        self,
        service: ServiceRef,
        version: str,
        *,
        by: JudgeSpec | None = None,
        hold: str | None = None,
        share: int | None = None,
        value_must: bool | None = None,
        before: ArmSample | None = None,
        stage: Stage | None = None,
    ) -> Verdict:
        _only_changes("judge")

    async def until(
        self,
        name: str,
        look: Callable[..., Awaitable[T]],
        *args: Any,
        done: Callable[[T], bool],
        failed: Callable[[T], str | None] | None = None,
        every: str = "30s",
        deadline: str = "2h",
        detail: Callable[[T], str] | None = None,
        assume: T | None = None,
        asks: Callable[[T], Question | None] | None = None,
        answer: Callable[..., Awaitable[Any]] | None = None,
    ) -> T:
        _only_changes("until")


def _only_changes(what: str) -> NoReturn:
    raise Permanent(
        f"run.{what} needs a durable run.", 'The playbook is not risk="change".', 'Declare @playbook(risk="change").'
    )
