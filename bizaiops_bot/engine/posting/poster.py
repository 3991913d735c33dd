"""Takes cards to the chat platforms: none lost, none doubled, in order, as fast as a channel may be written to."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError, Permanent, Temporary, Unknown
from bizaiops_bot.engine.audit.trail import redact
from bizaiops_bot.engine.posting import deliveries, outbox
from bizaiops_bot.engine.posting.channels import Channel, Item
from bizaiops_bot.engine.posting.deliveries import Call, Due, Hold
from bizaiops_bot.engine.posting.undelivered_card import undelivered_card
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.engine.store.tables import iso
from bizaiops_bot.ports.chat_platform import ChatPlatform
from bizaiops_bot.ports.clock import Clock

log = logging.getLogger("bizaiops.poster")
ACTOR = "poster"
CALL_S = 8.0
"""A call that takes longer has an unknown outcome."""
SETTLE_S = 2.0
"""How long a request of a dead process may still be on its way before "not found" means "not posted"."""
PACE_S = 1.0
"""Between the answer to one call and the next call in a channel: Slack takes about one message a second."""
MOST_WAIT_S = 60.0
AT_ONCE = 8
LOOK_EVERY_S = 5.0
WATCH_S = 0.5
"""How often a worker looks whether it leads: shorter than a pace, so whoever led for a moment only wrote nothing."""
LONGEST_REST_S = 3600.0
"""A wait that an earlier process was told to keep is kept up to this; more is a machine's clock that was set back."""


class Poster:
    """One per worker; the one that leads posts.

    leads: whether this worker leads now; also asked from the store's thread. note: Core.note. home: the conversation
    where people are told of what a platform refuses. clock: the bot's, for cards and the audit; waits are in real time,
    by `now` (monotonic seconds) and `sleep`. wall: real UTC time, for waits that outlive the process. pace_s: between
    two calls in a channel; a test may set it lower.
    """

    def __init__(
        self,
        store: Store,
        platforms: Sequence[ChatPlatform],
        *,
        leads: Callable[[], bool],
        note: Callable[..., object],
        clock: Clock,
        home: str,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._store, self._platforms, self._leads = store, tuple(platforms), leads
        self._note, self._clock, self._home = note, clock, home
        self._now, self._sleep, self._wall, self._jitter = now, sleep, wall, jitter
        self.pace_s = PACE_S
        self._channels: dict[str, Channel] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._leading = False  # nothing is marked or called while this is False
        self._doubt = asyncio.Event()
        self._seen = 0.0
        self._free_at = 0.0
        self._looked = 0  # everything up to this place in the feed has been looked at

    async def run(self) -> None:
        """Posts while this worker leads, until cancelled. A cancel in the midst of a call leaves it to be read back."""
        if not self._platforms:
            await asyncio.get_running_loop().create_future()
        self._seen = self._now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            while True:
                if not self._leads():
                    await self._sleep(WATCH_S)
                    continue
                try:
                    await self._look(tasks)
                except BotError as exc:
                    log.warning("looking for cards to post: %s", exc)
                    await self._sleep(PACE_S)
                    continue
                await self._news()

    @property
    def waiting(self) -> int:
        """How many cards wait to be posted or edited, as far as this worker knows."""
        return sum(len(channel.waiting) for channel in self._channels.values())

    async def _watch(self) -> None:
        """Doubts the lead when it is gone, and when this process stood still so long that another may have led."""
        while True:
            if not self._surely_leads():
                self._begin_anew()
            self._seen = self._now()
            await self._sleep(WATCH_S)

    def _surely_leads(self) -> bool:
        """Also asked from the store's thread, and right after a standstill before the watch has noticed it."""
        return self._leads() and self._now() - self._seen <= SETTLE_S

    def _begin_anew(self) -> None:
        """What is known of the channels is void. If this worker leads, it looks at all that is due once more."""
        self._leading = False
        self._doubt.set()

    async def _news(self) -> None:
        """Returns when the feed has something new, the lead is in doubt, or after a while, whichever is first."""
        reasons = (self._store.news(self._looked), self._doubt.wait(), self._sleep(LOOK_EVERY_S))
        waits = {asyncio.ensure_future(reason) for reason in reasons}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    # -- what there is to do -----------------------------------------------------------------------

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Hands new and changed cards to their channels; all that are due when this worker begins to lead."""
        first = not self._leading
        if first:
            await self._end_calls()
            self._doubt.clear()
        head = self._store.head  # before the read: what is written meanwhile rings again
        prefixes = [platform.prefix for platform in self._platforms]
        after = 0 if first else self._looked
        found = await self._store.read(lambda conn: deliveries.due(conn, prefixes, after))
        if self._doubt.is_set():
            return
        self._leading, self._looked = True, head
        for card in found:
            channel = self._channel(card.conversation)
            if channel is None:
                continue
            channel.add(Item(card.card, card.born, card.posted, settled=first and card.sending))
            if first:
                channel.rest_until(self._now() + self._rest(card))
            if channel.task is None:
                channel.task = tasks.create_task(self._serve(channel))

    def _rest(self, card: Due) -> float:
        """Seconds for which an earlier leader's doings keep this card's channel from being called."""
        settling = SETTLE_S if card.sending else 0.0
        if card.next_at is None:
            return settling
        left = (datetime.fromisoformat(card.next_at) - self._wall()).total_seconds()
        return max(settling, min(left, LONGEST_REST_S))

    def _channel(self, conversation: str) -> Channel | None:
        known = self._channels.get(conversation)
        if known is not None:
            return known
        platform = next((p for p in self._platforms if conversation.startswith(p.prefix)), None)
        if platform is None:
            return None
        made = Channel(platform, conversation)
        self._channels[conversation] = made
        return made

    async def _end_calls(self) -> None:
        """Lets calls of an earlier time as leader end. No channel is written to for a pace: who led before may just
        have done so.
        """
        for channel in self._channels.values():
            if channel.task is not None and not channel.calling:
                channel.task.cancel()
        await asyncio.gather(*(c.task for c in self._channels.values() if c.task), return_exceptions=True)
        self._channels.clear()
        self._free_at = self._now() + self.pace_s

    # -- one channel -------------------------------------------------------------------------------

    async def _serve(self, channel: Channel) -> None:
        """Works off what waits in a channel, one after the other."""
        channel.rest_until(self._free_at)
        try:
            while channel.waiting and self._leading:
                if (pause := channel.free_at - self._now()) > 0:
                    await self._sleep(pause)
                async with self._slots:
                    channel.calling = True
                    await self._next(channel, channel.take())
                    channel.calling = False
        finally:
            channel.task, channel.calling = None, False

    async def _next(self, channel: Channel, item: Item) -> None:
        try:
            await self._deliver(channel, item)
        except Exception as exc:
            if not isinstance(exc, BotError):
                log.exception("card %s in %s", item.card, channel.conversation)
            log.warning("card %s waits: %s", item.card, exc)
            self._again(channel, item, self._wait(channel, getattr(exc, "after_s", PACE_S)), settled=item.settled)

    async def _deliver(self, channel: Channel, item: Item) -> None:
        began = self._now()
        step = await self._store.write(lambda conn: self._begin(conn, channel, item))
        if self._now() - began > SETTLE_S and isinstance(step, Call):
            step = Hold.UNSETTLED  # this process stood still: another may have taken over meanwhile
        match step:
            case Hold.NOTHING:
                pass
            case Hold.FOLLOWING:
                self._begin_anew()
            case Hold.UNSETTLED:
                self._again(channel, item, SETTLE_S, settled=True)
            case Hold.READ_BACK:
                await self._read_back(channel, item)
            case Call():
                await self._call(channel, item, step)

    def _begin(self, conn: sa.Connection, channel: Channel, item: Item) -> Call | Hold:
        if not (self._leading and self._surely_leads()):
            return Hold.FOLLOWING
        place = {"platform": channel.platform.prefix, "channel": channel.name}
        return deliveries.begin(conn, item.card, **place, settled=item.settled, absent=item.absent)

    async def _call(self, channel: Channel, item: Item, call: Call) -> None:
        failpoint("poster.before_call")
        try:
            async with asyncio.timeout(CALL_S):
                ref = await self._make(channel, call)
        except Permanent as exc:
            channel.answered(self._now() + self.pace_s)
            await self._store.write(lambda conn, exc=exc: self._refused(conn, channel, call, exc))  # type: ignore[misc]
            return
        except Exception as exc:
            await self._failed(channel, item, call, exc)
            return
        channel.answered(self._now() + self.pace_s)
        failpoint("poster.after_call")
        await self._store.write(lambda conn: self._delivered(conn, channel, call, ref))
        failpoint("poster.marked")

    async def _make(self, channel: Channel, call: Call) -> str:
        card = call.card
        if call.ref is None:
            post = channel.platform.post
            return await post(channel.name, call.thread_ref, card, outbox_id=card.id, version=card.version)
        await channel.platform.edit(channel.name, call.ref, card, outbox_id=card.id, version=card.version)
        return call.ref

    async def _read_back(self, channel: Channel, item: Item) -> None:
        """Settles a post of unknown outcome. Reading is not writing: the channel may be written to right after."""
        try:
            async with asyncio.timeout(CALL_S):
                thread = await self._store.read(lambda conn: deliveries.thread_of(conn, item.card))
                found = await channel.platform.find(channel.name, item.card, thread_ref=thread)
        except TimeoutError as exc:
            raise Unknown(f"{channel.name} was not read.", f"There was no answer in {CALL_S:g} s.") from exc
        except Permanent as exc:
            channel.answered(self._now() + self.pace_s)
            await self._store.write(lambda conn, exc=exc: self._unreadable(conn, channel, item, exc))  # type: ignore[misc]
            return
        if found is None:
            self._again(channel, item, 0.0, settled=True, absent=True)
            return
        ref, version = found

        def work(conn: sa.Connection) -> None:
            if deliveries.read_back(conn, item.card, ref, version):
                self._tell(conn, channel, item.card, ref, version, "found")

        await self._store.write(work)
        self._again(channel, Item(item.card, item.born, posted=True), 0.0)  # it may have changed since

    # -- outcomes ----------------------------------------------------------------------------------

    async def _failed(self, channel: Channel, item: Item, call: Call, exc: Exception) -> None:
        """Temporary: surely not accepted. Everything else, an adapter's own mistakes too, may have been."""
        unknown = not isinstance(exc, Temporary)
        if not isinstance(exc, BotError | TimeoutError):
            log.error("%s broke", channel.platform.prefix, exc_info=exc)
        wait = self._wait(channel, getattr(exc, "after_s", PACE_S))
        if unknown:
            wait = max(wait, SETTLE_S)
        self._again(channel, item, wait, settled=unknown)
        why = redact(str(exc)) or f"There was no answer in {CALL_S:g} s."
        next_at = iso(self._wall() + timedelta(seconds=wait))
        await self._store.write(lambda conn: deliveries.put_off(conn, call, why, next_at, unknown=unknown))

    def _wait(self, channel: Channel, after_s: float) -> float:
        """Seconds: twice as long each time, spread so that channels do not come back together, at least `after_s`."""
        channel.failures += 1
        return max(after_s, PACE_S, min(MOST_WAIT_S, 2.0 ** min(channel.failures, 10)) * self._jitter(0.5, 1.0))

    def _again(
        self, channel: Channel, item: Item, wait_s: float, *, settled: bool = False, absent: bool = False
    ) -> None:
        channel.add(Item(item.card, item.born, item.posted, settled, absent))
        channel.rest_until(self._now() + wait_s)

    def _delivered(self, conn: sa.Connection, channel: Channel, call: Call, ref: str) -> None:
        outcome = "posted" if call.ref is None else "edited"
        if not deliveries.delivered(conn, call, ref):
            outcome = "unclaimed"  # another worker took it over while the call was on its way
        self._tell(conn, channel, call.card.id, ref, call.card.version, outcome, card_sha256=call.sha256)

    def _tell(
        self, conn: sa.Connection, channel: Channel, card: str, ref: str, version: int, outcome: str, **more: str
    ) -> None:
        place = {"channel": channel.conversation, "ref": ref}
        self._note(conn, ACTOR, "post", card, **place, version=version, outcome=outcome, **more)

    def _refused(self, conn: sa.Connection, channel: Channel, call: Call, exc: Permanent) -> None:
        why = redact(str(exc))
        if deliveries.refused(conn, call, why):
            more = {"card_sha256": call.sha256, "error": why}
            self._tell(conn, channel, call.card.id, call.ref or "", call.card.version, "refused", **more)
            self._notice(conn, channel, call.card.id, why)

    def _unreadable(self, conn: sa.Connection, channel: Channel, item: Item, exc: Permanent) -> None:
        why = redact(f"Whether it was posted is not known. {exc}")
        if deliveries.unreadable(conn, item.card, why):
            self._tell(conn, channel, item.card, "", 0, "unknown", error=why)
            self._notice(conn, channel, item.card, why)

    def _notice(self, conn: sa.Connection, channel: Channel, card: str, why: str) -> None:
        """Tells at home, on one card a channel. Where home itself refuses, the audit has to do."""
        if channel.conversation == self._home:
            return
        count = deliveries.not_delivered(conn, channel.platform.prefix, channel.name)
        notice = undelivered_card(channel.conversation, count, card, why)
        place = {"conversation": self._home, "thread": f"undelivered-{channel.conversation}"}
        outbox.put_card(conn, place["thread"], notice, **place, reply_to=None, now=self._clock.now())
