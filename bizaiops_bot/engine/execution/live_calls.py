"""Calling the outside in a live run: errors are results, an outage is waited out, a cancel ends what takes long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.errors import BotError, Permanent, Temporary, Unknown
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.engine.approvals import first
from bizaiops_bot.engine.context.core import log
from bizaiops_bot.engine.execution.envelope import Stopped, closed
from bizaiops_bot.engine.execution.halts import Interrupted
from bizaiops_bot.engine.execution.live_base import LiveBase
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store.store import StoreDown

T = TypeVar("T")
TRIES = 3
"""So often at once; only then it is an outage."""
AGAIN = timedelta(seconds=10)
"""Of the bot's clock, between two tries in an outage."""
TOLD_AFTER = timedelta(minutes=1)
"""An outage that is over by then is only on the run's card."""


@dataclass(frozen=True)
class Wait:
    """How long an outage of what is called is waited out, by the bot's clock, and the place in the plan that waits.

    name: of the step that shows it, None for a read, which has none.
    """

    n: int
    name: str | None
    longest: timedelta
    attempt: int = 1


class _Hung(Temporary):
    """Not answered within the time that a call has: waited for long enough, so it is not tried again at once."""


class CallingRun(LiveBase):
    """A call that fails is told from an outside that is away: nothing that was done is taken back for the second."""

    async def _envelope(
        self,
        call: Callable[[], Awaitable[T]],
        dump: Callable[[T], bytes],
        timeout_s: float,
        wait: Wait | None,
        *,
        again: bool,
    ) -> str:
        """{"ok": result} or {"error": ...}: errors are results too, so that a restart meets the same one.

        wait: how an outage is waited out, None where it is an error after a few tries. again: whether a call of which
        nobody knows what it did may be made again, as one with a key, and one that only reads.
        """
        tries, since = 0, self.clock.now()
        while isinstance(got := await self._try(call, dump, timeout_s, again=again), Temporary):
            tries, since = tries + 1, since if tries else self.clock.now()
            try:
                if tries < TRIES and not isinstance(got, _Hung):
                    await asyncio.sleep(min(got.after_s, 5.0))
                elif wait is None or not await self._outlast(wait, since, got):
                    return closed(got)
            except Stopped as stop:
                return closed(stop)
        if wait is not None and tries:
            await self._back_again(wait, since)
        return got

    async def _try(
        self, call: Callable[[], Awaitable[T]], dump: Callable[[T], bytes], timeout_s: float, *, again: bool
    ) -> str | Temporary:
        try:
            return '{"ok": ' + dump(await self._cancellable(call, timeout_s)).decode() + "}"
        except StoreDown as exc:
            raise Interrupted(str(exc)) from exc
        except Temporary as exc:
            return exc
        except (Unknown, TimeoutError) as exc:
            return _unanswered(exc, timeout_s, again=again)
        except BotError as exc:
            return closed(exc)
        except Exception as exc:  # an adapter that breaks its promise must not take the run's undo with it
            log.exception("run %s: an unexpected error in a step", self.id)
            broke = f"{type(exc).__name__}: {exc}."
            return closed(Permanent("An unexpected error.", broke, "The log has the details."))

    async def _outlast(self, wait: Wait, since: datetime, away: Temporary) -> bool:
        """Waits for the next try, and tells; False once it has lasted too long, or keeps a safety order waiting. Raises
        Stopped for a cancel.
        """
        now, last = self.clock.now(), since + wait.longest
        if now >= last or (self._undoing and await self._makes_way()):
            return False
        words = f"not reached since {since:%H:%M} UTC: {away.what}"
        name = wait.name
        if name is not None:
            await self._write(
                lambda conn: self._put_step(conn, wait.n, name, "waiting", words, wait.attempt), keep=False
            )
        if now - since >= TOLD_AFTER:
            await self._tell(wait, _away(self.id, name, since, last, away, stops=not self._undoing))
        until = min(last, now + max(AGAIN, timedelta(seconds=away.after_s)))
        await (self.clock.sleep_until(until) if self._undoing else self._sleep(until))
        return True

    async def _makes_way(self) -> bool:
        try:
            return await self._core.store.read(lambda conn: first.makes_way(conn, self.id))
        except StoreDown as exc:
            raise Interrupted(str(exc)) from exc

    async def _back_again(self, wait: Wait, since: datetime) -> None:
        if (lasted := self.clock.now() - since) >= TOLD_AFTER:
            ended = f"Over after {spoken_duration(lasted.total_seconds())}: run {self.id} goes on."
            await self._tell(wait, Card(title="Reached again", blocks=(Text(text=ended),), tone="success"))

    async def _tell(self, wait: Wait, card: Card) -> None:
        """In the run's thread, once an outage: what changes is edited in place."""
        number, held = self.id, self._held
        card_id = f"c-run{number}-{wait.n}-away" + (f"-{wait.attempt}" if wait.attempt > 1 else "")

        def work(conn: sa.Connection) -> None:
            outbox.put_card(
                conn,
                card_id,
                card,
                conversation=held.conversation,
                thread=held.thread,
                reply_to=None,
                now=self.clock.now(),
            )

        await self._write(work, keep=False)

    async def _cancellable(self, call: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        """Lets a person's cancel stop a long step; undo steps are not stopped."""
        if self._undoing:
            return await asyncio.wait_for(call(), timeout_s)
        self._check_cancel()
        work = asyncio.ensure_future(call())
        watch = asyncio.ensure_future(self._cancelled())
        try:
            await asyncio.wait({work, watch}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await work
            if watch.done():
                await watch  # one that broke is no cancel
                self._check_cancel()
            raise TimeoutError
        finally:
            for task in (work, watch):
                if not task.done():
                    task.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)


def _unanswered(error: Unknown | TimeoutError, timeout_s: float, *, again: bool) -> str | Temporary:
    """Nobody knows what the call did: that is an outage where it may be made again, and a failure elsewhere."""
    if isinstance(error, Unknown):
        return Temporary(error.what, error.why, error.do, after_s=error.after_s) if again else closed(error)
    waited = f"No answer in {spoken_duration(timeout_s)}."
    if again:
        return _Hung(waited, "Whether it was done is not known.", "Say `status` to read it.")
    return closed(Permanent("It took too long.", waited, "State unknown; read it again."))


def _away(run: int, name: str | None, since: datetime, last: datetime, away: Temporary, *, stops: bool) -> Card:
    what = f"{name!r} of run {run}" if name is not None else f"Run {run}"
    ends = f" Say `cancel {run}` to end it before." if stops else ""
    told = f"{what} waits since {since:%H:%M} UTC: {away} It is tried again until {last:%H:%M} UTC.{ends}"
    return Card(title="An outage is waited out", blocks=(Text(text=told),), tone="warning")
