"""Chat people see every card once, in order, in its newest state, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.posting import deliveries, outbox
from bizaiops_bot.engine.posting.poster import Poster
from bizaiops_bot.engine.store import failpoints
from bizaiops_bot.engine.store.store import Store
from tests.support.chat_double import KINDS, ChatDouble, Entry, Fault, Kind
from tests.support.poster_stand import HOME, START, Crash, Stand
from tests.support.virtual_clock import VirtualClock


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path)
    yield made
    await made.close()


# -- every card once ------------------------------------------------------------------------------


async def test_a_card_is_posted_once_edited_in_place_and_audited(stand: Stand) -> None:
    stand.start()
    await stand.put("run-1")
    await stand.passes(3)
    await stand.put("run-1")
    await stand.passes(3)
    stand.chat.check({"run-1": 2})
    assert stand.chat.shown() == {"run-1": (2, "run-1 v2")}
    assert await stand.audited() == [("run-1", 1, "posted"), ("run-1", 2, "edited")]
    (entry, _) = await stand.store.read(lambda conn: trail.read(conn, limit=2, before=None, subject="run-1"))
    assert entry.actor == "poster" and entry.detail["channel"] == "slack:C1" and len(entry.detail["card_sha256"]) == 64


async def test_conversations_of_no_platform_stay_inside(stand: Stand) -> None:
    stand.start()
    await stand.put("inside", channel="ml-ops")
    await stand.put("alike", channel="slackers")
    await stand.passes(20)
    assert stand.chat.entries == [] and await stand.ledger() == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("op", ["post", "edit", "find"])
async def test_a_fault_of_the_platform_neither_loses_nor_doubles(stand: Stand, op: str, kind: Kind) -> None:
    # given a platform that fails twice in the same way, for "find" after posts of unknown outcome
    if op == "find":
        stand.chat.fail("post", "timeout", "accepted then timeout")
    stand.chat.fail(op, kind, kind)
    stand.start()
    # when two cards are posted and one is changed
    await stand.put("one", "two")
    await stand.passes(40)
    await stand.put("two")
    await stand.passes(40)
    # then people see each once, in order, and nothing is left open
    stand.chat.check({"one": 1, "two": 2})
    assert stand.chat.order("C1") == ["one", "two"]
    assert {(r.sent, r.sending, r.tries, r.error) for r in (await stand.ledger()).values()} == {
        (1, 0, 0, ""),
        (2, 0, 0, ""),
    }
    assert [e for e in await stand.audited() if e[0] == "one"] in ([("one", 1, "posted")], [("one", 1, "found")])


async def test_an_adapter_that_breaks_in_its_own_way_is_taken_as_unknown(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken = stand.chat.post, [True]

    async def post(*args: Any, **kwargs: Any) -> str:
        ref = await real(*args, **kwargs)
        if broken.pop() if broken else False:
            raise KeyError("ts")
        return ref

    monkeypatch.setattr(stand.chat, "post", post)
    stand.start()
    await stand.put("one")
    await stand.passes(20)
    stand.chat.check({"one": 1})
    assert await stand.audited() == [("one", 1, "found")]


# -- crashes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["post", "edit"])
@pytest.mark.parametrize("point", [name for name in failpoints.ALL if name.startswith("poster.")])
async def test_a_crash_at_any_place_neither_loses_nor_doubles(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, point: str, what: str
) -> None:
    # given a process that ends when it reaches the place
    stand.start()
    if what == "edit":
        await stand.put("one")
        await stand.passes(3)

    def crash(name: str) -> None:
        if name == point:
            raise Crash(name)

    monkeypatch.setattr(failpoints, "reached", crash)
    await stand.put("one")
    await stand.passes(3)
    ended = await stand.stop()
    assert isinstance(ended, BaseExceptionGroup)
    # when another begins on the same data
    monkeypatch.setattr(failpoints, "reached", lambda _name: None)
    began = stand.now()
    stand.start()
    await stand.put("two")
    await stand.passes(10)
    # then all is as if nothing had happened, within seconds
    stand.chat.check({"one": 2 if what == "edit" else 1, "two": 1})
    assert stand.chat.order("C1") == ["one", "two"]
    assert next(e.at for e in stand.chat.accepted() if e.card == "two") - began <= 5
    assert {r.sending for r in (await stand.ledger()).values()} == {0}


async def test_a_message_on_its_way_when_the_process_died_is_waited_for(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a post that the platform takes 1.5 seconds after the process is gone
    stand.chat.fail("post", "accepted late", after_s=1.5)
    stand.start()
    await stand.put("one")
    await stand.passes(1)
    await stand.stop()
    assert stand.chat.posts() == {}
    # when another process begins at once
    stand.start()
    await stand.passes(10)
    # then it has not taken "not there yet" for "never posted"
    stand.chat.check({"one": 1})


@pytest.mark.parametrize("wait_s", [30, 300])
async def test_a_platform_that_is_busy_is_left_alone_over_a_restart(stand: Stand, wait_s: float) -> None:
    stand.chat.fail("post", "busy", after_s=wait_s)
    stand.start()
    await stand.put("one")
    await stand.passes(5)
    await stand.stop()
    stand.start()
    await stand.passes(wait_s + 30)
    refused, taken = [e.at for e in stand.chat.entries]
    assert wait_s <= taken - refused <= wait_s + 2
    stand.chat.check({"one": 1})


# -- two workers ----------------------------------------------------------------------------------


async def test_only_the_leader_posts_and_the_next_one_takes_over(stand: Stand) -> None:
    stand.start("a")
    stand.start("b")
    await stand.put("one")
    await stand.passes(5)
    stand.leader = "b"
    await stand.put("two", "one")
    await stand.passes(10)
    stand.leader = "a"
    await stand.put("three", "two")
    await stand.passes(10)
    stand.chat.check({"one": 2, "two": 2, "three": 1})
    assert stand.chat.order("C1") == ["one", "two", "three"]


async def test_a_leader_deposed_in_the_midst_of_a_call_and_its_heir_make_one_post(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a call that takes a second, and a worker that stops leading meanwhile
    stand.chat.takes_s = 1.0
    stand.start("a")
    stand.start("b")
    await stand.put("one")
    await stand.passes(1.5)
    assert stand.chat.in_call == 1
    stand.leader = "b"
    # when the other one takes over
    await stand.passes(20)
    # then there is one post, and both know of it
    stand.chat.check({"one": 1})
    assert (await stand.ledger())["one"].sent == 1


async def test_a_worker_that_stood_still_asks_before_it_posts(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its mark and its call another may have posted: here the mark takes three seconds."""
    real = stand.store.write
    slow = [True]

    async def write(work: Callable[[sa.Connection], Any]) -> Any:
        result = await real(work)
        if isinstance(result, deliveries.Call) and slow:
            slow.clear()
            await stand.sleep(3)
            await stand.chat.post("C1", None, result.card, outbox_id="one", version=1)  # the other one's
        return result

    stand.start()
    await stand.passes(2)
    monkeypatch.setattr(stand.store, "write", write)
    await stand.put("one")
    await stand.passes(20)
    stand.chat.check({"one": 1})


@pytest.mark.parametrize("wait_s", [7.3, 20])
async def test_a_process_that_slept_knows_nothing_of_what_it_knew(stand: Stand, wait_s: float) -> None:
    """It still thinks that it leads when it wakes, but another has led meanwhile."""
    # given a leader that is to look once more whether a post was accepted: it is the first thing it does on waking,
    # or it first finds that it has slept
    stand.chat.fail("post", "timeout")
    stand.chat.fail("find", "busy", after_s=wait_s)
    stand.start()
    await stand.put("one")
    await stand.passes(10)
    # when the machine sleeps for a minute, and another worker makes the post right when it wakes
    wakes = stand.now() + 60
    (card,) = await stand.store.read(lambda conn: outbox.read_cards(conn, "slack:C1", 0, 10))

    async def other() -> None:
        await stand.sleep(wakes - stand.now() + 1.5)
        await stand.chat.post("C1", None, card, outbox_id="one", version=1)

    another = asyncio.create_task(other())
    await stand.passes(0)
    await stand.sleeps(60)
    await stand.passes(30)
    await another
    # then it has given that post the time to arrive before it looked
    stand.chat.check({"one": 1})


async def test_a_worker_that_loses_the_lead_at_the_last_moment_posts_nothing(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = stand.store.write

    async def write(work: Callable[[sa.Connection], Any]) -> Any:
        stand.leader = "b"
        return await real(work)

    stand.start("a")
    await stand.put("one")
    monkeypatch.setattr(stand.store, "write", write)
    await stand.passes(10)
    assert stand.leader == "b" and stand.chat.entries == [] and await stand.ledger() == {}


async def test_a_long_call_that_outlives_a_moment_without_the_lead_is_waited_for(stand: Stand) -> None:
    stand.chat.takes_s = 6
    stand.start()
    await stand.put("one")
    await stand.passes(2)
    stand.leader = "nobody"
    await stand.passes(1)
    stand.leader = "a"
    await stand.passes(30)
    stand.chat.check({"one": 1})
    assert len(stand.chat.entries) == 1


async def test_a_moment_of_another_leader_is_noticed(stand: Stand) -> None:
    """Who led for long enough to write has written: the channel rests for a pace."""
    stand.start("a")
    stand.start("b")
    await stand.passes(3)
    stand.leader = "b"
    await stand.put("one")
    await stand.passes(1.6)
    assert stand.chat.order("C1") == ["one"]
    stand.leader = "a"
    await stand.put("one", "two")
    await stand.passes(10)
    stand.chat.check({"one": 2, "two": 1})


async def test_a_moment_of_another_leader_is_noticed_by_one_who_only_begins_to_look(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker whose first look takes long
    real, slow = stand.store.read, [True]

    async def read(work: Callable[[sa.Connection], Any]) -> Any:
        found = await real(work)
        if slow:
            slow.clear()
            await stand.sleep(2.5)
        return found

    monkeypatch.setattr(stand.store, "read", read)
    await stand.put("one", "two")
    stand.start("a")
    await stand.passes(0)
    # when another one leads meanwhile, for long enough to post
    stand.start("b")
    stand.leader = "b"
    await stand.passes(1.6)
    assert stand.chat.order("C1") == ["one"]
    stand.leader = "a"
    await stand.passes(10)
    # then the channel has its pace all the same
    stand.chat.check({"one": 1, "two": 1})


async def test_a_card_that_somebody_else_is_just_posting_gets_its_time(stand: Stand) -> None:
    stand.start()
    await stand.passes(3)

    def begin(conn: sa.Connection) -> deliveries.Call | deliveries.Hold:
        place = {"conversation": "slack:C1", "thread": "one", "reply_to": None}
        outbox.put_card(conn, "one", Card(title="one"), now=START, **place)
        return deliveries.begin(conn, "one", platform="slack:", channel="C1", settled=False, absent=False)

    call = await stand.store.write(begin)
    await stand.passes(1.5)
    await stand.chat.post("C1", None, call.card, outbox_id="one", version=1)
    await stand.passes(10)
    stand.chat.check({"one": 1})
    assert await stand.audited() == [("one", 1, "found")]


async def test_a_lead_lost_for_a_moment_puts_nothing_off_by_more_than_a_pace(stand: Stand) -> None:
    # given a card that is to be tried again in three seconds
    stand.chat.fail("post", "busy", after_s=3)
    stand.start()
    await stand.passes(2)
    await stand.put("one")
    await stand.passes(1)
    # when nobody leads for a moment
    stand.leader = "nobody"
    await stand.passes(1.1)
    stand.leader = "a"
    await stand.passes(2)
    # then it is there hardly later all the same
    busy, posted = [e.at for e in stand.chat.entries]
    assert 3 <= posted - busy <= 4


async def test_without_a_platform_nothing_is_asked_and_nothing_due(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.platforms = []
    asked: list[object] = []
    monkeypatch.setattr(stand.store, "read", asked.append)
    monkeypatch.setattr(stand.store.store, "news", asked.append)
    stand.start()
    await stand.put("one")
    await stand.passes(60)
    assert asked == [] and not stand.running["a"].done()
    assert await stand.stop() is None


# -- order, pace, merging -------------------------------------------------------------------------


async def test_posts_keep_their_order_though_cards_change_while_they_wait(stand: Stand) -> None:
    stand.chat.fail("post", "busy", "timeout")
    stand.start()
    await stand.put("a", "b", "c", "d")
    await stand.put("b", "a")
    await stand.passes(30)
    assert stand.chat.order("C1") == ["a", "b", "c", "d"]
    stand.chat.check({"a": 2, "b": 2, "c": 1, "d": 1})


async def test_the_order_holds_after_a_restart(stand: Stand) -> None:
    await stand.put("a", "b", "c")
    await stand.put("a")
    stand.start()
    await stand.passes(10)
    assert stand.chat.order("C1") == ["a", "b", "c"]


async def test_progress_edits_never_pile_up(stand: Stand) -> None:
    # given a run that changes its card ten times a second for five seconds
    stand.start()
    await stand.put("run-1")
    for _ in range(50):
        await stand.passes(0.1)
        await stand.put("run-1")
    await stand.passes(3)
    # then the channel got one message a second, and the last state stands there
    stand.chat.check({"run-1": 51})
    assert len(stand.chat.accepted("edit")) <= 6
    assert len(await stand.audited()) == len(stand.chat.accepted("edit")) + 1


async def test_a_new_card_does_not_wait_behind_edits(stand: Stand) -> None:
    stand.start()
    await stand.put("a", "b", "c")
    await stand.passes(6)
    await stand.put("a", "b", "c")
    await stand.put("new")
    await stand.passes(10)
    done = [(e.op, e.card) for e in stand.chat.entries[3:]]
    assert done.index(("post", "new")) <= 1 and len(done) == 4


async def test_channels_do_not_wait_for_each_other_but_not_all_at_once(stand: Stand) -> None:
    # given one channel that is told to wait a minute, and twenty others
    stand.chat.fail("post", "busy", after_s=60)
    stand.start()
    await stand.put("slow", channel="slack:C0")
    await stand.passes(2)
    stand.chat.takes_s = 0.5
    for n in range(1, 21):
        await stand.put(f"card-{n}", channel=f"slack:C{n}")
    await stand.passes(3)
    # then all others were served, at most eight at a time
    assert len(stand.chat.accepted()) == 20 and stand.chat.most_in_call == 8
    await stand.passes(60)
    stand.chat.check(stand.versions)


async def test_a_platform_that_stays_down_is_asked_less_and_less_often(stand: Stand) -> None:
    stand.chat.faults = lambda op, _channel: None if op == "find" else Fault("500")
    stand.start()
    await stand.put("one")
    await stand.passes(600)
    posts = [e.at for e in stand.chat.entries if e.op == "post"]
    waits = [b - a for a, b in pairwise(posts)]
    assert max(waits) == 60 and len(waits) <= 16
    assert (await stand.ledger())["one"].tries > 5


# -- threads --------------------------------------------------------------------------------------


async def test_answers_go_under_what_began_the_thread(stand: Stand) -> None:
    def hear(conn: sa.Connection, platform_thread: str | None) -> str:
        message, _ = outbox.put_message(
            conn,
            conversation="slack:C1",
            thread=None,
            actor="lead",
            text="deploy",
            event_id=None,
            now=START,
            platform_thread=platform_thread,
        )
        return message.thread

    asked = await stand.store.write(lambda conn: hear(conn, "1700.1"))
    console = await stand.store.write(lambda conn: hear(conn, None))
    stand.start()
    await stand.put("alert")
    await stand.put("answer", thread=asked)
    await stand.put("first", "second", thread=console)
    await stand.put("more", thread="alert")
    await stand.passes(10)
    under = {e.card: e.thread for e in stand.chat.accepted()}
    ref = {e.card: e.ref for e in stand.chat.accepted()}
    assert under == {"alert": None, "answer": "1700.1", "first": None, "second": ref["first"], "more": ref["alert"]}
    # and what people write in those threads on the platform joins them
    assert await stand.store.write(lambda conn: hear(conn, "1700.1")) == asked
    assert await stand.store.write(lambda conn: hear(conn, ref["alert"])) == "alert"


# -- refused for good -----------------------------------------------------------------------------


async def test_a_refusal_is_told_once_at_home_and_only_a_change_is_tried_again(stand: Stand) -> None:
    # given a channel that is gone
    stand.chat.fail("post", "gone", "gone")
    stand.start()
    await stand.put("one", "two", "three")
    await stand.passes(30)
    # then home has one card about it, the audit both, and what could be delivered is
    cards = await stand.store.read(lambda conn: outbox.read_cards(conn, HOME, 0, 10))
    assert [c.card.title for c in cards] == ["2 cards could not be delivered to slack:C1"]
    assert "two. The channel is gone. channel_not_found." in cards[0].card.text
    assert await stand.audited() == [("one", 1, "refused"), ("two", 1, "refused"), ("three", 1, "posted")]
    # and a restart tries nothing again
    await stand.stop()
    stand.start()
    await stand.passes(30)
    assert len(stand.chat.entries) == 3
    # when one changes, and the other is retried
    await stand.put("one")
    assert await stand.store.write(lambda conn: deliveries.retry(conn, "two"))
    await stand.passes(30)
    # then both are there
    assert stand.chat.posts() == {"one": 1, "two": 1, "three": 1}
    assert not await stand.store.write(lambda conn: deliveries.retry(conn, "two"))


async def test_a_channel_that_cannot_be_read_back_is_not_posted_to_blindly(stand: Stand) -> None:
    stand.chat.fail("post", "accepted then timeout")
    stand.chat.fail("find", "gone", "gone")
    stand.start()
    await stand.put("one")
    await stand.passes(30)
    await stand.stop()
    stand.start()
    await stand.passes(30)
    assert stand.chat.posts() == {"one": 1}
    (card,) = await stand.store.read(lambda conn: outbox.read_cards(conn, HOME, 0, 10))
    assert "Whether it was posted is not known." in card.card.text
    # when it can be read again
    await stand.put("one")
    await stand.passes(30)
    stand.chat.check({"one": 2})


async def test_a_home_on_a_platform_that_refuses_it_makes_no_storm(stand: Stand) -> None:
    stand.home = "slack:HOME"
    stand.chat.fail("post", *["gone"] * 10)
    stand.start()
    await stand.put("one")
    await stand.passes(60)
    assert [e.card for e in stand.chat.entries] == ["one", "undelivered-slack:C1"]


# -- the real clock, a file -----------------------------------------------------------------------


async def test_a_new_card_leaves_at_once(tmp_path: Path) -> None:
    store, chat = Store.sqlite(tmp_path / "b.sqlite"), ChatDouble(tmp_path / "chat.jsonl")
    clock = VirtualClock(START)
    poster = Poster(store, [chat], leads=lambda: True, note=lambda *a, **k: None, clock=clock, home=HOME)
    task = asyncio.create_task(poster.run())
    try:
        await asyncio.sleep(1.1)  # a worker that begins to lead keeps quiet for a pace: real time is what is tested
        took = []
        for n in range(10):
            began = time.monotonic()
            await store.write(
                lambda conn, n=n: outbox.put_card(
                    conn,
                    f"card-{n}",
                    Card(title="x"),
                    conversation=f"slack:C{n}",
                    thread="x",
                    reply_to=None,
                    now=START,
                )
            )
            while len(chat.entries) <= n:
                assert time.monotonic() - began < 60
                await asyncio.sleep(0.001)
            took.append(chat.entries[n].at - began)
        assert sorted(took)[5] < 0.4  # 20 ms on a quiet machine; half a second if it only looked each pace
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        store.close()


def test_the_ledger_outlives_the_process_that_wrote_it(tmp_path: Path) -> None:
    line = Entry("post", "ok", True, 1.0, "C1", "one", 1, "C1-1", None, "x").__dict__
    (tmp_path / "chat.jsonl").write_text(json.dumps(line) + "\n" + '{"op": "po')
    assert ChatDouble(tmp_path / "chat.jsonl").posts() == {"one": 1}
