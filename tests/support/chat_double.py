"""A chat platform that keeps a ledger of every call, in memory or in a file that outlives the bot's process.

It fails on purpose, where a real one does: before it has accepted a message, after it, and long after it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from bizaiops_bot.domain.errors import Permanent, Temporary, Unknown
from bizaiops_bot.domain.posts import PostedCard

Kind = Literal[
    "busy",  # 429 with Retry-After `after_s`: not accepted
    "timeout",  # no answer, not accepted
    "accepted then timeout",  # no answer, accepted
    "accepted late",  # no answer; accepted `after_s` later
    "500",  # 5xx after the request was sent, not accepted
    "accepted then 500",
    "gone",  # the channel is gone: never accepted
]
KINDS: tuple[Kind, ...] = ("busy", "timeout", "accepted then timeout", "accepted late", "500", "accepted then 500")


@dataclass(frozen=True)
class Fault:
    kind: Kind
    after_s: float = 1.0

    @property
    def accepts(self) -> bool:
        return self.kind.startswith("accepted") and self.kind != "accepted late"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. outcome: "ok", a fault's kind, or "arrived" for what is accepted late."""

    op: Literal["post", "edit", "find"]
    outcome: str
    accepted: bool
    at: float
    channel: str
    card: str
    version: int
    ref: str
    thread: str | None
    title: str


class ChatDouble:
    """Keeps the promises of ports.ChatPlatform.

    ledger: a file that several processes may share; None keeps it in memory. now, sleep: seconds; the default is the
    machine's monotonic clock, the same in every process. faults: asked before each call, in addition to `fail`.
    """

    def __init__(
        self,
        ledger: Path | None = None,
        *,
        prefix: str = "slack:",
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        faults: Callable[[str, str], Fault | None] = lambda _op, _channel: None,
        takes_s: float = 0.0,
    ) -> None:
        self.prefix = prefix
        self.faults, self.takes_s = faults, takes_s
        self._path, self._now, self._sleep = ledger, now, sleep
        self._entries: list[Entry] = []
        self._read_to = 0
        self._script: dict[str, list[Fault]] = defaultdict(list)
        self._late: set[asyncio.Task[None]] = set()
        self.in_call = 0
        self.most_in_call = 0

    # -- the platform ------------------------------------------------------------------------------

    async def post(
        self, channel: str, thread_ref: str | None, card: PostedCard, *, outbox_id: str, version: int
    ) -> str:
        async with self._call("post", channel) as fault:
            return self._accept("post", channel, outbox_id, version, None, thread_ref, card.card.title, fault)

    async def edit(self, channel: str, ref: str, card: PostedCard, *, outbox_id: str, version: int) -> None:
        async with self._call("edit", channel) as fault:
            if not any(e.ref == ref and e.op == "post" and e.accepted for e in self.entries):
                raise Permanent("The message is not there.", "message_not_found.")
            self._accept("edit", channel, outbox_id, version, ref, None, card.card.title, fault)

    async def find(self, channel: str, outbox_id: str, *, thread_ref: str | None = None) -> tuple[str, int] | None:
        async with self._call("find", channel) as fault:
            self._accept("find", channel, outbox_id, 0, "", None, "", fault)
            here = (e for e in self.entries if e.card == outbox_id and e.channel == channel)
            shown = [e for e in here if e.accepted and e.op != "find"]
            return (shown[0].ref, shown[-1].version) if shown else None

    def fail(self, op: str, *kinds: Kind, after_s: float = 1.0) -> None:
        """The next calls of `op` ("post", "edit", "find") meet these faults, one each."""
        self._script[op] += [Fault(kind, after_s) for kind in kinds]

    def forgive(self) -> None:
        """What `fail` asked for and has not happened yet does not happen."""
        self._script.clear()

    # -- what it has seen --------------------------------------------------------------------------

    @property
    def entries(self) -> list[Entry]:
        if self._path is not None and self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                whole, _, _torn = file.read().rpartition(b"\n")
            if whole:
                self._read_to += len(whole) + 1
                self._entries += [Entry(**json.loads(line)) for line in whole.splitlines()]
        return self._entries

    def accepted(self, op: str = "post", channel: str | None = None) -> list[Entry]:
        here = [e for e in self.entries if channel in (None, e.channel)]
        return [e for e in here if e.accepted and e.op == op]

    def posts(self) -> Counter[str]:
        """How often each card was accepted as a post."""
        return Counter(e.card for e in self.accepted("post"))

    def shown(self) -> dict[str, tuple[int, str]]:
        """card id -> (version, title) as people see it now."""
        return {e.card: (e.version, e.title) for e in self.entries if e.accepted and e.op != "find"}

    def order(self, channel: str) -> list[str]:
        """Card ids of a channel as they stand, top to bottom."""
        return [e.card for e in self.accepted("post", channel)]

    def too_fast(self, pace_s: float = 1.0, *, slack_s: float = 0.0) -> list[tuple[Entry, Entry]]:
        """Pairs of writing calls in one channel that were nearer than allowed, refused ones too."""
        by_channel: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry.op != "find" and entry.outcome != "arrived":
                by_channel[entry.channel].append(entry)
        pairs = (pair for calls in by_channel.values() for pair in pairwise(calls))
        return [(a, b) for a, b in pairs if b.at - a.at < pace_s - slack_s - 1e-6]

    def check(self, wanted: dict[str, int], *, slack_s: float = 0.0) -> None:
        """Every card of `wanted` (id -> newest version) was posted once and shows that version, at the allowed pace."""
        posts, shown = self.posts(), self.shown()
        lost = sorted(set(wanted) - set(posts))
        doubled = {card: n for card, n in posts.items() if n > 1}
        stale = {card: shown[card][0] for card in wanted if card in shown and shown[card][0] != wanted[card]}
        assert not lost, f"{len(lost)} lost: {lost[:5]}"
        assert not doubled, f"doubled: {doubled}"
        assert not stale, f"an old version is shown: {stale}, wanted {[wanted[card] for card in stale]}"
        assert not (fast := self.too_fast(slack_s=slack_s)), f"too fast: {fast[:2]}"

    # -- inside ------------------------------------------------------------------------------------

    def _call(self, op: str, channel: str) -> _Call:
        return _Call(self, op, channel)

    def next_fault(self, op: str, channel: str) -> Fault | None:
        return self._script[op].pop(0) if self._script[op] else self.faults(op, channel)

    def _accept(
        self,
        op: Any,
        channel: str,
        card: str,
        version: int,
        ref: str | None,
        thread: str | None,
        title: str,
        fault: Fault | None,
    ) -> str:
        """Writes the call down and answers as the fault wants."""
        ok = fault is None or fault.accepts
        outcome = "ok" if fault is None else fault.kind
        ref = self._write(op, outcome, ok, channel, card, version, ref, thread, title)
        if fault is None:
            return ref
        if fault.kind == "accepted late":
            late = (op, "arrived", op != "find", channel, card, version, None if op == "post" else ref, thread, title)
            task = asyncio.ensure_future(self._arrive(fault.after_s, late))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        raise _error(fault)

    async def _arrive(self, after_s: float, late: Any) -> None:
        await self._sleep(after_s)
        self._write(*late)

    def _write(
        self,
        op: Any,
        outcome: str,
        ok: bool,
        channel: str,
        card: str,
        version: int,
        ref: str | None,
        thread: str | None,
        title: str,
    ) -> str:
        with self._alone():
            ref = f"{channel}-{len(self.entries) + 1}" if ref is None else ref
            entry = Entry(op, outcome, ok, self._now(), channel, card, version, ref, thread, title)
            if self._path is None:
                self._entries.append(entry)
                return ref
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, json.dumps(entry.__dict__).encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
        return ref

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time over all processes."""
        if self._path is None:
            yield
            return
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class _Call:
    """Counts calls that overlap, takes the time they take."""

    def __init__(self, chat: ChatDouble, op: str, channel: str) -> None:
        self._chat, self._op, self._channel = chat, op, channel

    async def __aenter__(self) -> Fault | None:
        self._chat.in_call += 1
        self._chat.most_in_call = max(self._chat.most_in_call, self._chat.in_call)
        if self._chat.takes_s:
            try:
                await self._chat._sleep(self._chat.takes_s)
            except BaseException:
                self._chat.in_call -= 1
                raise
        return self._chat.next_fault(self._op, self._channel)

    async def __aexit__(self, *_exc: object) -> None:
        self._chat.in_call -= 1


def _error(fault: Fault) -> Exception:
    if fault.kind == "busy":
        return Temporary("The platform is busy.", "429.", after_s=fault.after_s)
    if fault.kind == "gone":
        return Permanent("The channel is gone.", "channel_not_found.", "Invite the bot to a channel that exists.")
    return Unknown("The platform did not confirm the message.", f"{fault.kind}.")


def mischief(seed: int, chance: float, kinds: Sequence[Kind] = KINDS) -> Callable[[str, str], Fault | None]:
    """Faults at random, the same for the same seed; late arrivals within a second."""
    dice = random.Random(seed)

    def fault(_op: str, _channel: str) -> Fault | None:
        return Fault(dice.choice(list(kinds)), dice.uniform(0.1, 1.0)) if dice.random() < chance else None

    return fault
