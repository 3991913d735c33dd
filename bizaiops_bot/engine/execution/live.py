"""A durable run: every step is done once and remembered, waits are on the bot's clock, a failure undoes what was
begun.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter

from bizaiops_bot.domain.cards import Card, DiffLine
from bizaiops_bot.domain.values import NoData, duration_s
from bizaiops_bot.engine.context.core import log
from bizaiops_bot.engine.execution.base import call_name, result_type, wants
from bizaiops_bot.engine.execution.envelope import opened
from bizaiops_bot.engine.execution.halts import Halt
from bizaiops_bot.engine.execution.live_base import Work
from bizaiops_bot.engine.execution.live_calls import Wait
from bizaiops_bot.engine.execution.live_gates import GatedRun
from bizaiops_bot.engine.execution.live_judge import JudgingRun
from bizaiops_bot.engine.execution.live_watch import Awaited, WatchingRun
from bizaiops_bot.engine.execution.planner import plan_words
from bizaiops_bot.engine.execution.taking_back import Undo
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store.failpoints import failpoint

T = TypeVar("T")
READ_TIMEOUT_S = 60.0
UNDO_TIMEOUT_S = 600.0
OUTAGE = timedelta(minutes=30)
UNDO_OUTAGE = timedelta(hours=2)
ASIDE = 1_000
"""Above the numbers of the plan's steps, and of what a run asks when it is stuck."""
SHOW_AFTER_S = 0.2  # a quicker step is shown when it is done


@dataclass(frozen=True)
class _Deed(Generic[T]):
    """One call outside, with what is shown and kept of it."""

    n: int
    name: str
    do: Callable[..., Awaitable[T]]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    timeout_s: float
    detail: Callable[[T], str] | None = None
    done: str = "done"
    attempt: int = 1
    patient: bool = True

    @property
    def wait(self) -> Wait | None:
        """What takes back is tried for longer: to leave it undone is worse than to wait."""
        if not self.patient:
            return None
        return Wait(self.n, self.name, UNDO_OUTAGE if self.done == "undone" else OUTAGE, self.attempt)


class LiveRun(GatedRun, JudgingRun, WatchingRun):
    """What a playbook's `run` is while it is carried out."""

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
        n = self._next(name, "step", call_name(do), plan_words(args, kwargs))
        return await self._do(_Deed(n, name, do, args, kwargs, duration_s(timeout), detail))

    async def read(self, do: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        # Where a failure takes something back, an outage is waited out; before that it is told at once.
        name = f"read {call_name(do)}"
        adapter = _adapter(do)
        raw = self._journal.recall(name)
        if raw is None:
            wait = Wait(self._n, None, OUTAGE) if self._to_undo else None
            raw = await self._envelope(lambda: do(*args, **kwargs), adapter.dump_json, READ_TIMEOUT_S, wait, again=True)
            self._journal.add(name, raw)  # stored with what is done next
        return adapter.validate_python(opened(raw))

    async def notify(self, card: Card, *, conversation: str | None = None) -> None:
        name = f"post {card.title}"
        n = self._next(name, "step", "notify")

        async def body() -> tuple[str, Work]:
            return json.dumps({"ok": None}), lambda conn: self._post(conn, n, name, card, conversation)

        await self._once(name, body)

    def undo(
        self, name: str, do: Callable[..., Awaitable[Any]], *args: Any, changes: Iterable[DiffLine] = (), **kwargs: Any
    ) -> AbstractAsyncContextManager[None]:
        n = self._next(name, "undo", call_name(do), plan_words(args, kwargs))
        deed = _Deed(n, name, do, args, kwargs, UNDO_TIMEOUT_S, _read_back, "undone")

        def once(attempt: int, patient: bool) -> Awaitable[Any]:
            again = undo.called(attempt)
            return self._do(dataclasses.replace(deed, name=again, attempt=attempt, patient=patient))

        undo = Undo(name, once)
        return self._covered(undo)

    # -- doing things once -------------------------------------------------------------------------

    async def _do(self, deed: _Deed[T]) -> T:
        adapter = _adapter(deed.do)
        extra = self._extra(deed)

        async def body() -> tuple[str, Work]:
            await self._store_reads()
            shown = asyncio.get_running_loop().call_later(SHOW_AFTER_S, self._show_running, deed, "")
            try:
                failpoint("step.before_effect")
                raw = await self._envelope(
                    lambda: deed.do(*deed.args, **deed.kwargs, **extra),
                    adapter.dump_json,
                    deed.timeout_s,
                    deed.wait,
                    again="key" in extra or deed.done == "undone",
                )
                failpoint("step.after_effect")
            finally:
                shown.cancel()
            return raw, self._finish(deed, raw, adapter, extra.get("key", ""))

        return adapter.validate_python(opened(await self._once(deed.name, body)))

    def _extra(self, deed: _Deed[Any]) -> dict[str, Any]:
        """What the call takes besides the playbook's arguments: its key, how to tell progress, who asked."""
        extra: dict[str, Any] = {}
        if wants(deed.do, "key"):
            edition = "" if self._held.edition == 1 else f".{self._held.edition}"
            extra["key"] = f"{self.id}{edition}/{deed.n}" + ("/undo" if deed.done == "undone" else "")
        if wants(deed.do, "progress"):
            extra["progress"] = lambda words: self._show_running(deed, words)
        if wants(deed.do, "actor") and "actor" not in deed.kwargs:
            extra["actor"] = self.actor.id
        return extra

    def _show_running(self, deed: _Deed[Any], words: str) -> None:
        """Without waiting for it; what is shown is not needed to go on."""
        task = asyncio.ensure_future(self._try_to_show(deed, words))
        self._core.background.add(task)
        task.add_done_callback(self._core.background.discard)

    async def _try_to_show(self, deed: _Deed[Any], words: str) -> None:
        try:
            await self._show(deed.n, deed.name, "running", words, deed.attempt)
        except Halt as exc:
            log.debug("run %s: progress was not shown: %s", self.id, exc)

    def _finish(self, deed: _Deed[T], raw: str, adapter: TypeAdapter[T], key: str) -> Work:
        """What is written with the result: the step, and the audit's entry with the key and what was read back."""
        envelope = json.loads(raw)
        if "ok" in envelope:
            words = "" if deed.detail is None else deed.detail(adapter.validate_python(envelope["ok"]))
            status = deed.done
        else:
            words, status = envelope["error"]["what"], "failed"

        def work(conn: sa.Connection) -> None:
            self._put_step(conn, deed.n, deed.name, status, words, deed.attempt)
            self._core.note(
                conn,
                self.actor.id,
                "step",
                f"run {self.id}",
                step=deed.name,
                call=call_name(deed.do),
                status=status,
                key=key,
                result=raw[:2000],
            )

        return work

    def _post(self, conn: sa.Connection, n: int, name: str, card: Card, conversation: str | None) -> None:
        held = self._held
        card_id = f"c-run{self.id}-{n}"
        where = (held.conversation, held.thread) if conversation is None else (conversation, card_id)
        outbox.put_card(
            conn, card_id, card, conversation=where[0], thread=where[1], reply_to=None, now=self.clock.now()
        )
        self._put_step(conn, n, name, "done")

    async def _pass_on(
        self, wait: Awaited, k: int, answer: Callable[..., Awaitable[Any]], said: tuple[str, bool]
    ) -> None:
        question, proceed = said
        n = len(self._plan.steps) + ASIDE + k
        name = f"{wait.name}: answer {k}"
        await self._do(_Deed(n, name, answer, (*wait.args, question, proceed), {}, READ_TIMEOUT_S, _read_back))


@lru_cache(maxsize=512)
def _adapter_of(function: Any) -> TypeAdapter[Any]:
    return result_type(function)


def _adapter(do: Callable[..., Awaitable[T]]) -> TypeAdapter[T]:
    """Built once a method: making one costs more than using it."""
    port = getattr(do, "__wrapped__", do)  # what is wrapped around it is new for each run
    function = getattr(port, "__func__", port)
    try:
        return _adapter_of(function)
    except TypeError:  # not hashable
        return result_type(do)


def _read_back(result: Any) -> str:
    if isinstance(result, NoData):
        return str(result)
    spoken = getattr(result, "spoken", None)
    return f"now {spoken()}" if callable(spoken) else ""
