"""The bot is stopped in the middle of things and started again: it goes on where it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bizaiops_bot.domain.errors import Permanent
from tests.support.talk import Talk


async def test_a_waiting_run_is_approved_with_the_button_of_before_the_restart(talk: Talk) -> None:
    # given a card that was shown before the bot was stopped
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    await talk.restart(down=timedelta(minutes=30))
    # when its Approve button is clicked now
    answer = await talk.bot.desk.click("lead", plan.posted.id, plan.posted.buttons[0].id)
    # then the run goes on to its end
    assert answer.accepted
    assert (await talk.finished(plan.run)).status == "succeeded"
    assert await talk.traffic("churn") == {"v2": 100}


async def test_a_run_that_was_being_judged_goes_on_and_ends_once(talk: Talk) -> None:
    # given a canary in the middle of its judgement
    plan = await talk.starts("deploy churn v2 as a 10% canary")
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    await talk.minutes(5)
    built = (await talk.run(plan.run)).steps[1]
    # when the bot is stopped and started twice
    await talk.restart()
    await talk.minutes(3)
    assert await talk.traffic("churn") == {"v1": 90, "v2": 10}
    await talk.restart(down=timedelta(minutes=1))
    # then the run ends as if nothing had been, and nothing was done twice
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    assert record.steps[1] == built
    assert await talk.traffic("churn") == {"v2": 100}
    releases = await talk.bot.core.ports.records.releases("churn")
    assert [r.version for r in releases] == ["v2", "v1"]
    ended = [e for e in await talk.bot.core.ports.records.audit(limit=500) if e.kind == "run_ended"]
    assert len(ended) == 1
    assert sum(c.card.run_id == plan.run for c in await talk.cards()) == 1


async def test_a_run_that_expired_while_the_bot_was_down_says_so_after_the_start(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2")
    await talk.restart(down=timedelta(hours=25))
    assert (await talk.finished(plan.run, minutes=2)).status == "expired"
    (await talk.card(plan.posted.id)).shows("expired")


async def test_what_was_spoken_of_is_still_known_after_a_restart(talk: Talk) -> None:
    await talk.says("status demand")
    plan = await talk.starts("scale it to 3")
    await talk.restart()
    (await talk.says("cancel it")).shows(f"run {plan.run}")
    assert [m.text for m in await talk.bot.desk.messages("ml-ops")][:2] == ["status demand", "scale it to 3"]


async def test_a_question_of_before_the_restart_can_still_be_answered(talk: Talk) -> None:
    question = await talk.says("how is the model doing?")
    await talk.restart()
    await (await talk.card(question.posted.id)).click("demand", by="engineer")
    (await talk.cards())[-1].shows("demand serves")


async def test_schedules_freezes_and_alerts_survive(talk: Talk) -> None:
    # given a schedule, a freeze and a standing alert
    await talk.keeps("send the demand KPI digest here every day at 8:00", by="analyst")
    await talk.says("freeze deploys because of the move", by="lead")
    await talk.inject("demand", "missing_values")
    alert = await talk.alert("demand", "missing_values_detected")
    # when the bot is started again
    await talk.restart(down=timedelta(minutes=5))
    await talk.minutes(3)
    # then all three are there, and the alert was not told a second time
    (schedule,) = await talk.schedules()
    assert schedule.inputs["model"] == "demand" and schedule.next_at is not None
    (await talk.says("deploy churn v2")).shows("frozen by lead", "the move")
    assert [a.id for a in await talk.alerts("demand", open_only=True)] == [alert.id]
    # and the fault itself goes on until it is mended, then the alert closes
    await talk.mend()
    assert (await talk.over(alert)).recover_s is not None


async def test_a_second_bot_on_the_same_folder_is_refused_with_what_to_do(talk: Talk) -> None:
    with pytest.raises(Permanent, match="Another bot is running on the data folder"):
        await Talk.begin(talk.bot.settings.data, talk.clock)
