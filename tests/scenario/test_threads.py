"""What a thread was about outlives a restart of the bot, and not a quarter of an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.domain.cards import Fields
from tests.support.talk import Talk


async def test_a_question_of_before_the_restart_is_answered_after_it(talk: Talk) -> None:
    # given a request with two blanks, one of them filled before the bot was stopped
    which = await talk.says("retrain", thread="t-1")
    assert "Which model" in which.words
    await talk.restart(down=timedelta(minutes=5))
    # when the answer comes to the new process
    plan = await talk.says("demand", thread="t-1")
    # then the request goes on with it
    assert plan.card.run_id is not None
    record = await talk.run(plan.run)
    assert (record.playbook, record.inputs["model"]) == ("retrain_model", "demand")


async def test_corrections_and_follow_ups_go_on_after_a_restart(talk: Talk) -> None:
    # given a request of before the restart
    await talk.says("how did churn do last week?", thread="t-1")
    await talk.restart(down=timedelta(minutes=2))
    # when the person says only what is different
    corrected = await talk.says("no, demand", thread="t-1")
    earlier = await talk.says("and yesterday?", thread="t-1")
    # then the rest is as it was said before
    corrected.shows("demand", "last week")
    earlier.shows("demand", "yesterday")


class _Later(SystemClock):
    """The people's clock, some minutes on."""

    def __init__(self, minutes: float) -> None:
        self._ahead = timedelta(minutes=minutes)

    def now(self) -> datetime:
        return super().now() + self._ahead


@pytest.mark.parametrize(("minutes", "started"), [(14, True), (16, False)])
async def test_an_answer_counts_for_a_quarter_of_an_hour(talk: Talk, minutes: int, started: bool) -> None:
    # given a question that nobody answered for a while, through a restart
    await talk.says("retrain", thread="t-1")
    await talk.restart()
    talk.bot.desk.answering.people_clock = _Later(minutes)
    # when the answer comes at last
    late = await talk.says("demand", thread="t-1")
    # then it goes on with the request only while that is fresh
    assert (late.card.run_id is not None) == started
    assert len(await talk.runs()) == started


async def test_two_threads_are_about_two_things(talk: Talk) -> None:
    await talk.says("status churn", thread="t-1")
    await talk.says("status demand", thread="t-2")
    again = await talk.says("again", thread="t-1")
    again.shows("churn")
    assert again.has(Fields)
    (await talk.says("again", thread="t-2")).shows("demand")


async def test_the_first_monday_of_the_month_is_kept_and_said_in_words(talk: Talk) -> None:
    # given a schedule without a time of day
    asked = await talk.says("send the churn digest on the first monday of the month", thread="t-1")
    assert "At what time" in asked.words
    # when the time is said
    (await talk.says("at 9:30", thread="t-1")).shows("Mon 6 Apr 09:30, Mon 4 May 09:30, Mon 1 Jun 09:30")
    made = await talk.says("yes", thread="t-1")
    # then it is kept as it was meant and told in words
    made.shows("first Monday of the month at 9:30")
    assert [s.cron for s in await talk.schedules()] == ["30 9 * * 1#1"]


async def test_a_schedule_that_cron_cannot_say_is_asked_back(talk: Talk) -> None:
    refused = await talk.says("send the churn digest every other tuesday at 9", thread="t-1")
    refused.shows("every other tuesday", "every Tuesday at 9:00")
    assert await talk.schedules() == []
    await talk.says("every tuesday at 9", thread="t-1")
    await talk.says("yes", thread="t-1")
    assert [s.cron for s in await talk.schedules()] == ["0 9 * * 2"]


async def test_a_question_in_german_is_answered_and_an_order_is_not(talk: Talk) -> None:
    (await talk.says("wie geht es churn?")).shows("churn")
    refused = await talk.says("bitte rolle das churn modell zurück")
    refused.shows("Es wurde nichts gestartet.")
    assert await talk.runs() == []
