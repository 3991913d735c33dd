"""Two whole bots on one PostgreSQL and one Redis, with serving outside of them: each dies once in a rollout."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_kill import assert_each_message_has_one_answer
from tests.support.demo_process import run_cli
from tests.support.eventually import eventually
from tests.support.servers import RedisServer
from tests.support.two_bots import ServeProcess, TwoBots

TAKEN_OVER_S = 10.0
ROLLOUT_S = 240.0


@pytest.fixture
def bots(database: str, redis: RedisServer, tmp_path: Path) -> Iterator[TwoBots]:
    both = TwoBots(tmp_path, database, redis.url)
    try:
        both.start()
        yield both
    finally:
        both.end()


def ordered(bot: ServeProcess, text: str) -> dict[str, Any]:
    """What the engineer asks for waits for its approval."""
    card = bot.says(text)
    eventually(lambda: bot.run(card["run_id"])["status"] == "waiting", "the wait for an approval")
    return next(found for found in bot.cards() if found["run_id"] == card["run_id"])


def test_a_rollout_goes_on_at_the_other_bot_whichever_of_them_dies(
    bots: TwoBots, record_property: Callable[[str, object], None]
) -> None:
    # given a canary that is asked for at one bot and approved at the other, and serving that answers late
    serving = bots.serving
    card = ordered(bots.first, "deploy churn v2 as a 10% canary")
    number = card["run_id"]
    serving.answers_late(60)
    assert bots.second.click(card, "Approve", "lead")["accepted"]
    eventually(lambda: serving.changes() == ["set_canary"], "the canary", patience_s=30)

    # when the bot that has sent it is killed before it hears that it was done
    holder, other = bots.holder(number)
    holder.crash()
    serving.answers_late(0)
    began = time.monotonic()

    # then the other asks by the same key within ten seconds, and nothing is done again
    eventually(lambda: serving.calls()[-1]["came"] == "again", "the other bot's own call", patience_s=TAKEN_OVER_S)
    record_property("change_taken_over_s", round(time.monotonic() - began, 2))
    assert serving.changes() == ["set_canary"] and serving.weights() == {"v1": 90, "v2": 10}
    assert serving.calls()[-1]["key"] == serving.calls()[0]["key"]

    # when the dead one is back and the other one dies in the midst of the hold
    holder.start()
    assert other.run(number)["status"] == "running"
    other.crash()
    began = time.monotonic()
    eventually(lambda: bots.holder(number)[0] is holder, "the bot that is left carries it", patience_s=TAKEN_OVER_S)
    record_property("hold_taken_over_s", round(time.monotonic() - began, 2))

    # then it is judged and promoted, once, and both consoles show the same
    assert holder.finished(number, patience_s=ROLLOUT_S)["status"] == "succeeded"
    record_property("finished_after_s", round(time.monotonic() - began, 2))
    other.start()
    assert serving.changes() == ["set_canary", "promote"] and bots.doubled() == []
    for bot in (bots.first, bots.second):
        assert bot.weights("churn") == serving.weights() == {"v2": 100}
        assert bot.run(number) == bots.first.run(number)
        assert bot.cards() == bots.first.cards()
        assert [found["title"] for found in bot.cards() if found["run_id"] == number] == ["Deploy churn v2: done"]
        assert_each_message_has_one_answer(bot)
        entries = bot.audit()
        assert [e["subject"] for e in entries if e["kind"] == "run_ended"] == [f"run {number}"]
    verified = run_cli("audit", "verify", "--data", str(holder.folder), env=holder.environment())
    assert verified.returncode == 0 and "none changed" in verified.stdout, verified.stdout + verified.stderr


def test_a_persons_messages_are_answered_in_their_order_whichever_bot_hears_them(bots: TwoBots) -> None:
    for bot in (bots.first, bots.second):
        bot.says("what models do we have?")
    for place in range(6):
        room, version = f"order-{place}", f"v{2 + place % 2}"
        one, other = (bots.first, bots.second) if place % 2 else (bots.second, bots.first)
        # given half an order at one bot and, before that has asked for the rest, the rest at the other
        asked = one.post("deploy churn", conversation=room)
        rest = other.post(version, conversation=room, thread=asked)
        # then the order was heard first, and the other makes it whole
        (plan,) = eventually(partial(other.answers, rest, room), "the second answer", patience_s=30)
        assert plan["title"] == f"Deploy churn {version}: waiting for approval", (plan["title"], plan["text"])
        other.says("cancel it", conversation=room)

    # and when the bot that has heard the first half dies, the other answers both
    asked = bots.first.post("deploy churn", conversation="orphan")
    bots.first.crash()
    rest = bots.second.post("v2", conversation="orphan", thread=asked)
    (plan,) = eventually(partial(bots.second.answers, rest, "orphan"), "the second answer", patience_s=30)
    assert plan["title"] == "Deploy churn v2: waiting for approval", (plan["title"], plan["text"])
    assert_each_message_has_one_answer(bots.second, "orphan")
