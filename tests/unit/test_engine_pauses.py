"""A pause with an end: the model is resumed by itself, once, through the same gates and audit as by a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.policy import policy
from bizaiops_bot.engine.store import failpoints
from bizaiops_bot.engine.timing import timers
from tests.support.small_engine import START
from tests.support.timer_room import TimerRoom


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[TimerRoom]:
    made = await TimerRoom.open(tmp_path / "data")
    yield made
    await made.close()


async def test_the_plan_shows_the_end_before_anybody_approves_it(room: TimerRoom) -> None:
    at = START + timedelta(hours=2)
    number = await room.orders("pause_model", "m-1", until={"at": at.isoformat(), "label": "for 2 hours"})
    record = await room.engine.run(number)
    (gate,) = record.plan.gates
    assert "until Wed 4 Mar 10:00 (UTC)" in gate.question
    assert next(line.after for line in record.plan.changes) == "until Wed 4 Mar 10:00 (UTC), then v1 serves again"
    assert not room.serving.paused


async def test_a_pause_ends_by_itself_with_a_run_of_its_own_in_the_same_thread(room: TimerRoom) -> None:
    paused = await room.pauses(hours=2)
    assert room.serving.paused and "then it is resumed by itself" in paused.summary
    await room.hours(2)
    assert not room.serving.paused
    (resumed,) = await room.runs("resume_model")
    assert (resumed.status, resumed.actor, resumed.thread) == ("succeeded", "timer:1", paused.thread)
    (decision,) = resumed.decisions
    assert decision.actor == "policy" and decision.reason == "timers_resume: run 1 was approved with this end"
    assert [e.detail["playbook"] for e in await room.audited("request") if e.actor == "timer:1"] == ["resume_model"]
    await room.hours(5)
    assert len(await room.runs("resume_model")) == 1


async def test_a_bot_that_was_down_at_the_end_resumes_when_it_is_back(room: TimerRoom) -> None:
    await room.pauses(hours=2)
    again = await room.reopened(later=timedelta(hours=9))
    await again.hours(0)
    assert not again.serving.paused and len(await again.runs("resume_model")) == 1
    room.engine, room.keeper, room._loop = again.engine, again.keeper, again._loop


class Killed(BaseException):
    """As the process dies: nothing behind it is done."""


async def test_a_kill_between_the_order_and_its_note_makes_no_second_resume(
    room: TimerRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.pauses(hours=2)

    def die(name: str) -> None:
        if name == "timer.ordered":
            raise Killed

    assert room._loop is not None
    room._loop.cancel()
    monkeypatch.setattr(failpoints, "reached", die)
    await room.clock.advance(2 * 3600)
    with pytest.raises(Killed):
        await room.keeper.keep()
    monkeypatch.undo()
    again = await room.reopened()
    await again.hours(1)
    assert not again.serving.paused
    assert [what for what, _ in again.serving.calls] == ["pause", "resume"]
    assert len(await again.runs("resume_model")) == 1
    assert await again.records.timers("resume") == []
    room.engine, room.keeper, room._loop = again.engine, again.keeper, again._loop


async def test_a_resume_by_hand_takes_the_end_along(room: TimerRoom) -> None:
    await room.pauses(hours=2)
    await room.approved("resume_model", "m-2")
    assert await room.records.timers("resume") == []
    # and a pause without an end, made after it, is not ended by the old one
    assert (await room.approved("pause_model", "m-3")).status == "succeeded"
    await room.hours(4)
    assert room.serving.paused


async def test_a_pause_that_somebody_outside_has_ended_is_left_alone(room: TimerRoom) -> None:
    await room.pauses(hours=2)
    room.serving.paused = False  # in the cluster itself
    await room.hours(3)
    assert await room.runs("resume_model") == [] and await room.records.timers("resume") == []


async def test_an_end_that_passed_while_the_pause_waited_for_approval_pauses_nothing(room: TimerRoom) -> None:
    at = START + timedelta(minutes=30)
    number = await room.orders("pause_model", "m-1", until={"at": at.isoformat(), "label": "a while"})
    await room.hours(1)
    await room.controls.decide_words(number, "approved", actor="lead")
    record = await room.engine.finished(number)
    assert record.status == "failed" and "has passed" in record.error and "Nothing was paused" in record.error
    assert not room.serving.paused and await room.records.timers("resume") == []


async def test_an_end_more_than_thirty_days_away_is_refused(room: TimerRoom) -> None:
    with pytest.raises(BadInput, match="30 days"):
        await room.controls.end_pause(
            "churn", START + timedelta(days=31), run=1, actor="engineer", conversation="x", key="k"
        )


async def test_what_holds_the_resume_up_is_told_once_and_it_is_tried_again(
    room: TimerRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.pauses(hours=2)
    waiting = await room.orders("scale_model", "m-2", replicas=3)
    await room.hours(2.1)
    assert room.serving.paused
    told = [title for title in await room.titles() if title == "churn is still paused"]
    assert len(told) == 1
    await room.controls.cancel(waiting, actor="engineer")
    await room.engine.finished(waiting)
    await room.hours(0.1)
    assert not room.serving.paused


async def test_where_policy_lets_no_timer_act_alone_people_are_asked(
    room: TimerRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = room.core.policy.may

    def not_alone(actor: Any, action: str, **more: Any) -> policy.Allowed:
        if action == "unattended":
            return policy.Allowed(ok=False, rule="default", why="no rule permits it")
        return may(actor, action, **more)

    monkeypatch.setattr(room.core.policy, "may", not_alone)
    await room.pauses(hours=2)
    await room.hours(2)
    (asked,) = await room.runs("resume_model")
    assert asked.status == "waiting" and room.serving.paused
    await room.controls.decide_words(asked.id, "approved", actor="lead")
    await room.engine.finished(asked.id)
    assert not room.serving.paused


async def test_a_refused_resume_is_told_and_not_tried_for_ever(
    room: TimerRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = room.core.policy.may

    def never(actor: Any, action: str, **more: Any) -> policy.Allowed:
        if actor.kind == "timer":
            return policy.Allowed(ok=False, rule="no_timers", why="people resume here")
        return may(actor, action, **more)

    monkeypatch.setattr(room.core.policy, "may", never)
    await room.pauses(hours=2)
    await room.hours(3)
    (card,) = [card for card in await room.cards() if card.title == "churn is still paused"]
    assert "people resume here" in card.text and "stays paused" in card.text
    assert await room.core.store.read(timers.soonest) is None
