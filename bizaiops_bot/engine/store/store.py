"""Durable state: all writes in order through one thread, several in one commit, and a doorbell for those who wait."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.engine.store import databases
from bizaiops_bot.engine.store.databases import Database
from bizaiops_bot.engine.store.failpoints import failpoint
from bizaiops_bot.engine.store.migrate import bring_up_to_date
from bizaiops_bot.engine.store.signals import NoSignals, Signals, feed_head

T = TypeVar("T")
Work = Callable[[sa.Connection], Any]
log = logging.getLogger("bizaiops.store")
MOST_IN_ONE_COMMIT = 64
PATIENCE_S = 3.0
ASK_TIMES = 100  # a tenth of a second apart: whether a commit came through whose answer was lost
POLL_S = 1.0


class StoreDown(Temporary):
    """The database does not take or give anything now; what was to be written is not there."""


@dataclass
class _Job:
    work: Work
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None
    head: int = 0
    after: list[Callable[[], None]] = field(default_factory=list)


def after_commit(conn: sa.Connection, call: Callable[[], None]) -> None:
    """Has `call` made in the event loop once the transaction is durable; never when it is not."""
    conn.info.setdefault("after", []).append(call)


class Store:
    """The bot's database. `write` commits all or nothing before it returns, and a commit survives kill -9.

    Writes are one after the other over all workers: what a transaction has read still holds when it commits. Those
    that wait at the same time share one commit, as waiting for the disk costs most. When one of them fails all are
    taken back and done again, each in a savepoint of its own: savepoints for every write would cost all of them.
    """

    def __init__(self, database: Database, signals: Signals | None = None) -> None:
        self.database = database
        self._signals = signals or NoSignals()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._work_off, name="store-writer", daemon=True)
        self._readers = ThreadPoolExecutor(max_workers=database.readers, thread_name_prefix="store-reader")
        self._waiters: list[asyncio.Future[None]] = []
        self._last_feed = 0
        self._closed = False
        self._publishing: set[asyncio.Task[None]] = set()
        self._writer.start()

    @classmethod
    def sqlite(cls, path: Path) -> Store:
        """Opens or creates the file; raises Permanent when it cannot be written, or is no database."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            database = databases.sqlite(path)
            _prepare(database, f"The data folder {str(path.parent)!r}")
        except (OSError, sa.exc.DatabaseError) as exc:
            reason = exc.orig if isinstance(exc, sa.exc.DatabaseError) else exc
            raise Permanent(
                f"The data folder {str(path.parent)!r} cannot be used.",
                f"{path.name}: {reason}.",
                "Give a folder you may write to: --data DIR",
            ) from exc
        return cls(database)

    @classmethod
    def postgres(cls, url: str, signals: Signals | None = None) -> Store:
        """Opens the database and creates the tables; raises Permanent when it cannot be reached or used."""
        database = databases.postgres(url)
        shown = sa.make_url(url).render_as_string(hide_password=True)
        try:
            _prepare(database, f"The database {shown}")
        except sa.exc.DBAPIError as exc:
            reason = str(exc.orig).strip().splitlines()[0] if exc.orig is not None else str(exc)
            raise Permanent(
                f"The database {shown} cannot be used.", f"{reason}.", "Check BIZAIOPS_STORE__URL and the server."
            ) from exc
        return cls(database, signals)

    # -- using it ----------------------------------------------------------------------------------

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs `work` in a transaction, then rings for new feed entries it made.

        `work` may be run again before its commit: when the connection was lost, or another write failed. Raises
        StoreDown when the database does not take it; then nothing of it is there.
        """
        loop = asyncio.get_running_loop()
        if self._closed:
            raise StoreDown("The store is closed.", "The bot is stopping.")
        job = _Job(work, loop.create_future(), loop)
        self._jobs.put(job)
        result: T = await job.done
        return result

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs `work` on a connection that changes nothing. Raises StoreDown when the database does not answer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._query, work)

    @property
    def head(self) -> int:
        """The newest feed entry this process knows of."""
        return self._last_feed

    async def news(self, after: int) -> None:
        """Returns once the feed has an entry above `after`."""
        while self._last_feed <= after:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def listen(self) -> None:
        """Hears of what other workers write, until cancelled: at once by signals, else by looking every second."""
        heard = asyncio.create_task(self._signals.run(self._heard))
        try:
            while True:
                try:
                    self._heard(await self.read(feed_head))
                except StoreDown as exc:
                    log.debug("looking for news: %s", exc)
                except Exception:
                    log.exception("looking for news")
                await asyncio.sleep(POLL_S)
        finally:
            heard.cancel()
            await asyncio.gather(heard, return_exceptions=True)

    def close(self) -> None:
        """Finishes what was begun, then lets the database go."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._writer.join()
        self._readers.shutdown(wait=True)
        self.database.engine.dispose()

    async def aclose(self) -> None:
        """As `close`, with the signals."""
        await self._signals.close()
        await asyncio.to_thread(self.close)

    # -- the writer's thread -----------------------------------------------------------------------

    def _work_off(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                self._refuse_rest()
                return
            batch, last = [job], False
            while len(batch) < MOST_IN_ONE_COMMIT and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    last = True
                    break
                batch.append(more)
            self._settle(batch)
            if last:
                self._refuse_rest()
                return

    def _refuse_rest(self) -> None:
        """Whoever asked in the moment the store was closed is told so."""
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.error = StoreDown("The store is closed.", "The bot is stopping.")
                with suppress(RuntimeError):  # its event loop has closed
                    job.loop.call_soon_threadsafe(self._deliver, [job])

    def _settle(self, batch: list[_Job]) -> None:
        try:
            self._commit(batch)
        except BaseException as exc:  # whatever it was, nobody may wait for ever
            for job in batch:
                job.error, job.after, job.head = job.error or exc, [], 0
        for loop in {id(job.loop): job.loop for job in batch}.values():
            try:
                loop.call_soon_threadsafe(self._deliver, [job for job in batch if job.loop is loop])
            except RuntimeError:
                log.debug("a writer's event loop has closed")

    def _commit(self, batch: list[_Job]) -> None:
        """All jobs in one transaction; tried again while the connection is lost before the commit."""
        until = time.monotonic() + PATIENCE_S
        pause, do = 0.02, _do
        while True:
            attempt = _Attempt(self.database, self._signals)
            try:
                attempt.run(batch, do)
                return
            except _Spoilt:
                do = _do_alone
            except sa.exc.DBAPIError as exc:
                done = attempt.committed()
                if done:
                    return
                if done is None:
                    raise _unsure(exc) from exc
                if not (self.database.shared and _lost(exc)) or time.monotonic() > until:
                    raise _down(exc) from exc
                time.sleep(pause)
                pause = min(pause * 2, 0.5)

    def _query(self, work: Callable[[sa.Connection], T]) -> T:
        for last in (False, True):
            try:
                with self.database.engine.connect().execution_options(reads=True) as conn:
                    return work(conn)
            except sa.exc.DBAPIError as exc:  # also one that the server ended because this process stood still
                if last or not self.database.shared or not _lost(exc):
                    raise _down(exc) from exc
        raise AssertionError("unreachable")

    # -- back in the event loop --------------------------------------------------------------------

    def _deliver(self, jobs: list[_Job]) -> None:
        head = max(job.head for job in jobs)
        for job in jobs:
            for call in job.after:
                try:
                    call()
                except Exception:  # the others of the commit have to hear of it
                    log.exception("after a commit")
            if job.done.cancelled():
                continue
            if job.error is not None:
                job.done.set_exception(job.error)
            else:
                job.done.set_result(job.result)
        if head:
            self._heard(head)
            if self.database.shared:
                task = asyncio.ensure_future(self._signals.after_commit(head))
                self._publishing.add(task)
                task.add_done_callback(self._publishing.discard)

    def _heard(self, head: int) -> None:
        if head <= self._last_feed:
            return
        self._last_feed = head
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class _Attempt:
    """One try to commit a batch."""

    def __init__(self, database: Database, signals: Signals) -> None:
        self._database, self._signals = database, signals
        self._xid: str | None = None

    def run(self, batch: list[_Job], do: Callable[[sa.Connection, _Job], None]) -> None:
        with self._database.engine.connect() as conn:
            with conn.begin():
                self._database.begin_write(conn)
                for job in batch:
                    do(conn, job)
                head = max(job.head for job in batch)
                if head:
                    self._signals.in_transaction(conn, head)
                if self._database.shared:
                    self._xid = str(conn.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one())
                failpoint("store.before_commit")
            failpoint("store.after_commit")

    def committed(self) -> bool | None:
        """Whether the transaction came through although the connection broke while it was committed; None: unknown."""
        if self._xid is None:
            return False
        for _ in range(ASK_TIMES):
            try:
                with self._database.engine.connect() as conn:
                    status = conn.exec_driver_sql(f"SELECT pg_xact_status('{self._xid}'::xid8)").scalar()
                if status != "in progress":
                    return bool(status == "committed")
            except sa.exc.DBAPIError:
                pass
            time.sleep(0.1)
        return None


class _Spoilt(Exception):
    """A write of the batch failed where nothing but the whole batch could be taken back."""


def _do(conn: sa.Connection, job: _Job) -> None:
    """Runs one job. Its error ends the whole batch: raises _Spoilt, and the database's own when that is broken."""
    conn.info.pop("feed_head", None)
    conn.info.pop("after", None)
    job.error, job.head, job.after = None, 0, []
    try:
        job.result = job.work(conn)
        failpoint("store.in_transaction")
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise
    except BaseException as exc:
        raise _Spoilt from exc
    job.head, job.after = conn.info.pop("feed_head", 0), conn.info.pop("after", [])


def _do_alone(conn: sa.Connection, job: _Job) -> None:
    """Runs one job; its own error undoes its own writes only, a broken database ends the whole batch."""
    point = conn.begin_nested()
    try:
        _do(conn, job)
        point.commit()
    except _Spoilt as exc:
        point.rollback()
        job.error, job.head, job.after = exc.__cause__, 0, []


def _prepare(database: Database, where: str) -> None:
    """Brings the tables up to date; a database that cannot be used is not left open."""
    try:
        bring_up_to_date(database, where)
    except BaseException:
        database.engine.dispose()
        raise


def _lost(exc: sa.exc.DBAPIError) -> bool:
    """Whether the connection is gone; the next one may do."""
    return exc.connection_invalidated or isinstance(exc, sa.exc.OperationalError | sa.exc.InterfaceError)


def _unsure(exc: sa.exc.DBAPIError) -> Exception:
    reason = str(exc.orig).strip().splitlines()[0] if exc.orig is not None else str(exc)
    return StoreDown(
        "The bot's database cannot be used now.",
        f"{reason}. Whether it was kept is not known.",
        "Look before you repeat.",
    )


def _down(exc: sa.exc.DBAPIError) -> Exception:
    reason = str(exc.orig).strip().splitlines()[0] if exc.orig is not None else str(exc)
    if not isinstance(exc, sa.exc.OperationalError | sa.exc.InterfaceError) and not exc.connection_invalidated:
        return exc
    return StoreDown("The bot's database cannot be used now.", f"{reason}. Nothing was kept.", "Try again in a moment.")
