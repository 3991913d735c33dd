"""Watches over the audit of a running bot: checks each entry once, and signs what it has checked now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.engine.audit import signed_heads, signing_keys
from bizaiops_bot.engine.audit.chain import GENESIS, Chain, rows
from bizaiops_bot.engine.audit.report import compare
from bizaiops_bot.engine.audit.signed_heads import Head
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store

log = logging.getLogger("bizaiops.audit")
SIGN_EVERY = timedelta(minutes=15)
SIGN_ENTRIES = 1000
LOOK_S = 5.0
AT_ONCE = 2000
"""Entries checked in one go, about 10 ms, so that nobody waits for them."""
LAST_LOOK_S = 2.0


def real_time() -> datetime:
    return datetime.now(UTC)


class AuditGuard:
    """One per process. What was found wrong stays found: a guard that once saw a broken chain signs nothing more.

    Raises Permanent when the folder's key cannot be used.
    """

    def __init__(
        self, store: Store, folder: Path, now: Callable[[], datetime] = real_time, *, key: Path | None = None
    ) -> None:
        """now: real time, UTC; the world's own clock may run faster. key: a file with it, None for the folder's own."""
        self._store, self._folder, self._now = store, folder, now
        self._key = signing_keys.load_or_make(folder, key)
        self._seq, self._hash = 0, GENESIS  # checked up to here
        self._behind = True
        self._compared = False  # with what was signed before this start
        self._filed = False  # the file has all heads that we signed
        self._broken = ""
        self._since = now()
        self._busy = asyncio.Lock()

    async def verdict(self) -> tuple[bool, str]:
        """(whole as far as it was checked, one sentence); looks at what came since the last time alone."""
        await self._advance()
        if self._broken:
            return False, f"{self._broken}. `bizaiops audit verify` names everything."
        if self._behind:
            return True, f"The first {self._seq:,} entries were checked, none changed; the others are being checked."
        return True, f"{self._seq:,} entries checked, none changed."

    async def run(self) -> None:
        """Checks the whole log once, then what is added, and signs every 15 minutes or 1,000 entries."""
        while True:
            try:
                await self.look()
            except BotError as exc:
                log.warning("the audit could not be looked at: %s", exc)
            except OSError as exc:
                log.warning("a head of the audit could not be written: %s", exc.strerror)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Checks what is new and signs when it is due. Raises StoreDown; OSError when the file cannot be written."""
        more = True
        while more:
            more = await self._advance()
        await self._sign(due=self._is_due)

    async def stop(self) -> None:
        """Signs what there is, so that nothing can be cut off unseen while the bot is down."""
        until = time.monotonic() + LAST_LOOK_S
        try:
            while await self._advance() and time.monotonic() < until:
                pass
            await self._sign(due=lambda _known: True)
        except (BotError, OSError) as exc:
            log.warning("the last head of the audit could not be written: %s", exc)

    async def _advance(self) -> bool:
        """Checks some entries more; whether there may be others."""
        async with self._busy:
            if self._broken:
                return False
            # The read may be made twice, so it changes nothing here.
            chain = await self._store.read(_checked_after(self._seq, self._hash))
            if not chain.whole:
                return self._found(chain.problems[0])
            self._seq, self._hash = chain.seq, chain.hash
            self._behind = chain.count >= AT_ONCE
            if not self._behind and not self._compared:
                problem = await self._contradiction()
                if problem:
                    return self._found(problem)
                self._compared = True
            return self._behind

    def _found(self, problem: str) -> bool:
        self._broken = problem[0].upper() + problem[1:]
        log.error("the audit is not as it was written: %s", problem)
        return False

    async def _contradiction(self) -> str:
        """What this bot signed before its start and is no more so, "" when all is: the log may have been cut off or
        written anew while nobody watched. As the chain is whole, the newest head speaks for all before it.
        """
        in_file, _ = await asyncio.to_thread(signed_heads.in_file, self._folder)
        seq, public = self._seq, self._key.public

        def work(conn: sa.Connection) -> list[str]:
            known = {*in_file, *signed_heads.stored(conn)}
            ours = sorted((head for head in known if head.key == public), key=lambda head: head.seq, reverse=True)
            newest = list(islice((head for head in ours if head.valid), 1))
            return compare(newest, signed_heads.hashes(conn, newest), seq)[0]

        problems = await self._store.read(work)
        return problems[0] if problems else ""

    def _is_due(self, known: Head | None) -> bool:
        signed, at = (0, self._since) if known is None else (known.seq, datetime.fromisoformat(known.at))
        return self._seq - signed >= SIGN_ENTRIES or self._now() - at >= SIGN_EVERY

    async def _sign(self, due: Callable[[Head | None], bool]) -> None:
        async with self._busy:
            if self._broken or not self._compared or self._seq == 0:
                return
            known = await self._store.read(signed_heads.last)
            if (known is None or known.seq < self._seq) and due(known):
                head = signed_heads.make(self._key, self._seq, self._hash, self._now())
                await self._store.write(_put_if_newest(head))
                self._filed = False
            if not self._filed:
                await self._write_file()
                self._filed = True

    async def _write_file(self) -> None:
        """Adds our heads that the file has not: the newest, and one that a crash left out."""
        in_file, _ = await asyncio.to_thread(signed_heads.in_file, self._folder)
        last = max((head.seq for head in in_file if head.key == self._key.public), default=0)
        new = await self._store.read(lambda conn: signed_heads.signed_since(conn, self._key, last))
        if new:
            await asyncio.to_thread(signed_heads.add_to_file, self._folder, new)


def _checked_after(seq: int, last_hash: str) -> Callable[[sa.Connection], Chain]:
    def work(conn: sa.Connection) -> Chain:
        chain = Chain(seq, last_hash)
        if seq and _hash_of(conn, seq) != last_hash:
            chain.problems.append(f"entry {seq} was changed or removed after it had been checked")
            return chain
        chain.feed(rows(conn, after=seq or None, limit=AT_ONCE))
        return chain

    return work


def _put_if_newest(head: Head) -> Callable[[sa.Connection], None]:
    """Of several workers one signs an entry; nobody signs what is no longer as it was checked."""

    def work(conn: sa.Connection) -> None:
        known = signed_heads.last(conn)
        if (known is None or known.seq < head.seq) and _hash_of(conn, head.seq) == head.hash:
            signed_heads.put(conn, head)

    return work


def _hash_of(conn: sa.Connection, seq: int) -> str | None:
    found = conn.execute(sa.select(t.audit.c.hash).where(t.audit.c.seq == seq)).scalar()
    return None if found is None else str(found)
