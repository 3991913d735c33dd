"""The guard of a running bot checks every entry once, and signs what it has checked: often enough, once, never a lie."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.engine.audit import checking, signed_heads, signing_keys
from bizaiops_bot.engine.audit import guard as audit_guard
from bizaiops_bot.engine.audit.guard import AuditGuard
from bizaiops_bot.engine.audit.report import Report
from bizaiops_bot.engine.audit.signed_heads import HEADS_FILE, Head
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store
from tests.support import stores
from tests.support.audit_log import HandClock, filled, rechained, replace_all, stored_rows
from tests.support.small_engine import once_true


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = stores.open_store(tmp_path)
    yield made
    await made.aclose()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def guard(store: Store, tmp_path: Path, clock: HandClock) -> AuditGuard:
    return AuditGuard(store, tmp_path, clock)


async def heads(store: Store) -> list[Head]:
    return await store.read(signed_heads.stored)


async def checked(store: Store, folder: Path, *keys: str) -> Report:
    return await store.read(lambda conn: checking.check(conn, folder, keys, alone=not store.database.shared))


async def cut(store: Store, after: int) -> None:
    """Entries and heads behind one are removed from the database; the file beside it stays."""

    def work(conn: sa.Connection) -> None:
        conn.execute(sa.delete(t.audit).where(t.audit.c.seq > after))
        conn.execute(sa.delete(t.audit_heads).where(t.audit_heads.c.seq > after))

    await store.write(work)


async def test_a_thousand_entries_are_signed_at_once_and_fewer_wait(store: Store, guard: AuditGuard) -> None:
    await filled(store, 999)
    await guard.look()
    assert await heads(store) == []
    await filled(store, 1)
    await guard.look()
    assert [head.seq for head in await heads(store)] == [1000]
    await filled(store, 999)
    await guard.look()
    assert len(await heads(store)) == 1


async def test_what_is_new_is_signed_after_a_quarter_of_an_hour(
    store: Store, guard: AuditGuard, clock: HandClock
) -> None:
    await filled(store, 3)
    clock.pass_(minutes=14, seconds=59)
    await guard.look()
    assert await heads(store) == []
    clock.pass_(seconds=1)
    await guard.look()
    await filled(store, 2)
    clock.pass_(minutes=14)
    await guard.look()
    assert [head.seq for head in await heads(store)] == [3]
    clock.pass_(minutes=1)
    await guard.look()
    assert [(head.seq, head.at) for head in await heads(store)][1:] == [(5, t.iso(clock.now))]


async def test_nothing_new_is_not_signed_again(store: Store, guard: AuditGuard, clock: HandClock) -> None:
    await guard.look()
    await filled(store, 3)
    for _ in range(4):
        clock.pass_(hours=1)
        await guard.look()
    assert [head.seq for head in await heads(store)] == [3]


async def test_a_stop_signs_what_there_is(store: Store, guard: AuditGuard, tmp_path: Path) -> None:
    await filled(store, 7)
    await guard.stop()
    report = await checked(store, tmp_path)
    assert report.whole and report.attested is not None and report.attested.seq == 7
    assert signed_heads.in_file(tmp_path) == (await heads(store), [])


async def test_a_log_longer_than_one_look_is_checked_to_its_end(
    store: Store, guard: AuditGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_guard, "AT_ONCE", 10)
    await filled(store, 35)
    assert await guard.verdict() == (
        True,
        "The first 10 entries were checked, none changed; the others are being checked.",
    )
    await guard.look()
    assert await guard.verdict() == (True, "35 entries checked, none changed.")


@pytest.mark.parametrize("when", ["before the start", "while it runs", "the last one it had checked"])
async def test_a_broken_chain_is_never_signed(store: Store, guard: AuditGuard, clock: HandClock, when: str) -> None:
    await filled(store, 5)
    if when != "before the start":
        await guard.look()
        await filled(store, 5 if when == "while it runs" else 0)
    place = {"before the start": 3, "while it runs": 8}.get(when, 5)
    await store.write(lambda c: c.execute(sa.update(t.audit).where(t.audit.c.seq == place).values(hash="f" * 64)))
    clock.pass_(hours=1)
    await guard.look()
    whole, words = await guard.verdict()
    assert not whole and words.startswith(f"Entry {place} was changed") and "bizaiops audit verify" in words
    await filled(store, 2000)
    clock.pass_(hours=1)
    await guard.look()
    await guard.stop()
    assert await heads(store) == []


async def test_an_entry_changed_between_the_check_and_the_signature_is_not_signed(
    store: Store, guard: AuditGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(store, 1000)
    write = store.write

    async def changed_first(work: object) -> object:
        await write(lambda c: c.execute(sa.update(t.audit).where(t.audit.c.seq == 1000).values(hash="f" * 64)))
        return await write(work)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "write", changed_first)
    await guard.look()
    assert await heads(store) == []


async def test_two_guards_on_one_store_sign_once(store: Store, tmp_path: Path, clock: HandClock) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    guards = [AuditGuard(store, folder, clock) for folder in folders]
    await filled(store, 1500)
    for _ in range(5):
        await asyncio.gather(*(guard.look() for guard in guards))
        await filled(store, 500)
    signed = await heads(store)
    assert [head.seq for head in signed] == [1500, 2500, 3500]
    in_files = [head for folder in folders for head in signed_heads.in_file(folder)[0]]
    assert sorted(in_files, key=lambda head: head.seq) == signed


async def test_the_heads_of_another_worker_count_once_its_key_is_named(
    store: Store, tmp_path: Path, clock: HandClock
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    await filled(store, 4)
    await AuditGuard(store, one, clock).stop()
    AuditGuard(store, two, clock)
    first = signing_keys.load(one)
    assert first is not None
    assert (await checked(store, two)).attested is None
    named = await checked(store, two, first.id)
    assert named.whole and named.attested is not None and named.attested.key_id == first.id


async def test_workers_with_one_key_count_for_each_other(store: Store, tmp_path: Path, clock: HandClock) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    signing_keys.load_or_make(tmp_path)
    key = tmp_path / signing_keys.KEY_FILE
    await filled(store, 4)
    await AuditGuard(store, one, clock, key=key).stop()
    await AuditGuard(store, two, clock, key=key).stop()
    assert signed_heads.in_file(one)[0] == signed_heads.in_file(two)[0] != []
    report = await store.read(lambda conn: checking.check(conn, two, (), alone=False, key=key))
    assert report.whole and report.attested is not None and report.attested.seq == 4
    assert not (two / signing_keys.KEY_FILE).exists()


# -- what happened while the bot was stopped ---------------------------------------------------------------------------


async def test_an_end_cut_off_while_the_bot_was_stopped_is_seen_at_the_start(
    store: Store, guard: AuditGuard, tmp_path: Path, clock: HandClock
) -> None:
    await filled(store, 20)
    await guard.stop()
    await cut(store, 12)
    again = AuditGuard(store, tmp_path, clock)
    await again.look()
    assert await again.verdict() == (
        False,
        "The end was cut off: entry 20 was signed at 2026-03-04T08:00:00 UTC, the last one left is 12. "
        "`bizaiops audit verify` names everything.",
    )
    await filled(store, 2000)
    await again.look()
    await again.stop()
    assert await heads(store) == []


async def test_a_log_written_anew_while_the_bot_was_stopped_is_seen_and_not_signed(
    store: Store, guard: AuditGuard, tmp_path: Path, clock: HandClock
) -> None:
    await filled(store, 20)
    await guard.stop()
    rows = await store.read(stored_rows)
    forged = rechained([*rows[:9], (*rows[9][:2], "lead", *rows[9][3:]), *rows[10:]], 9)
    await store.write(lambda conn: replace_all(conn, forged))
    again = AuditGuard(store, tmp_path, clock)
    await filled(store, 1500)
    await again.look()
    whole, words = await again.verdict()
    assert not whole and "the log was rewritten somewhere from entry 1 to 20" in words
    assert [head.seq for head in await heads(store)] == [20]


async def test_a_forged_head_of_the_bots_own_key_id_does_not_hide_a_cut(
    store: Store, guard: AuditGuard, tmp_path: Path, clock: HandClock
) -> None:
    await filled(store, 20)
    await guard.stop()
    (good,) = await heads(store)
    await cut(store, 12)
    fake = Head(12, (await store.read(stored_rows))[-1][7], good.at, good.key, good.signature)
    await store.write(lambda conn: signed_heads.put(conn, fake))
    again = AuditGuard(store, tmp_path, clock)
    await again.look()
    assert not (await again.verdict())[0]
    assert not (await checked(store, tmp_path)).whole


async def test_a_restart_goes_on_signing_where_the_last_one_stopped(
    store: Store, guard: AuditGuard, tmp_path: Path, clock: HandClock
) -> None:
    await filled(store, 5)
    await guard.stop()
    again = AuditGuard(store, tmp_path, clock)
    await filled(store, 1000)
    await again.look()
    report = await checked(store, tmp_path)
    assert report.whole and [head.seq for head in await heads(store)] == [5, 1005]


# -- the file beside the database --------------------------------------------------------------------------------------


async def test_a_head_that_a_crash_left_out_of_the_file_is_added_at_the_next_start(
    store: Store, guard: AuditGuard, tmp_path: Path, clock: HandClock
) -> None:
    await filled(store, 5)
    await guard.stop()
    (tmp_path / HEADS_FILE).write_text("")
    await AuditGuard(store, tmp_path, clock).look()
    assert signed_heads.in_file(tmp_path) == (await heads(store), [])


async def test_a_head_that_could_not_be_written_to_the_file_is_written_later(
    store: Store, guard: AuditGuard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Path, _heads: object) -> None:
        raise OSError(28, "No space left on device")

    await filled(store, 1000)
    with monkeypatch.context() as patch:
        patch.setattr(signed_heads, "add_to_file", full)
        with pytest.raises(OSError, match="No space"):
            await guard.look()
    await guard.look()
    assert [head.seq for head in signed_heads.in_file(tmp_path)[0]] == [1000]


async def test_the_background_job_goes_on_after_a_full_disk(
    store: Store,
    guard: AuditGuard,
    tmp_path: Path,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write, calls = signed_heads.add_to_file, 0

    def full_once(folder: Path, new: list[Head]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(28, "No space left on device")
        write(folder, new)

    monkeypatch.setattr(signed_heads, "add_to_file", full_once)
    monkeypatch.setattr(audit_guard, "LOOK_S", 0.01)
    await filled(store, 3)
    clock.now += timedelta(hours=1)
    task = asyncio.create_task(guard.run())

    async def filed() -> bool:
        return [head.seq for head in signed_heads.in_file(tmp_path)[0]] == [3]

    await once_true(filed)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert "a head of the audit could not be written: No space left on device" in caplog.text
