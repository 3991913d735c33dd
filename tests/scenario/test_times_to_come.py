"""Freezes, pauses and reminders that begin and end by themselves, and people who are away."""

from __future__ import annotations

from datetime import timedelta

from tests.support.talk import Talk

MONDAY = "until the end of Mon 9 Mar (Europe/Berlin)"


async def test_a_freeze_before_the_weekend_says_its_end_at_once_and_is_over_by_itself(talk: Talk) -> None:
    card = await talk.says("good morning team, freeze everything until monday please", by="lead")
    card.shows("Changes are frozen", MONDAY, "It ends by itself", "Rolling back, pausing and resuming")
    assert "good morning" not in card.words and "because" not in card.words
    refused = await talk.says("deploy churn v2", by="engineer")
    refused.shows("frozen by lead", MONDAY)
    (await talk.says("are we frozen?", by="analyst")).shows("Yes", MONDAY, "by lead")
    await talk.sleeps_until(talk.clock.now() + timedelta(days=6))
    (await talk.says("are we frozen?", by="analyst")).shows("No. Changes may begin")
    assert "Changes may begin again" in [shown.card.title for shown in await talk.cards()]
    assert (await talk.says("deploy churn v2", by="engineer")).card.run_id is not None


async def test_a_freeze_that_begins_later_is_said_back_with_its_times_before_it_is_kept(talk: Talk) -> None:
    asked = await talk.says("freeze deploys friday 16:00 to monday 8:00", by="lead")
    asked.shows("Freeze changes from Fri 6 Mar 16:00 (Europe/Berlin) until Mon 9 Mar 08:00 (Europe/Berlin)?")
    (await talk.says("are we frozen?", by="analyst")).shows("No. Changes may begin, and no freeze is set")
    kept = await talk.says("yes", by="lead")
    kept.shows("Changes will be frozen", "from Fri 6 Mar 16:00 (Europe/Berlin) until Mon 9 Mar 08:00 (Europe/Berlin)")
    (await talk.says("are we frozen?", by="analyst")).shows("No. Changes may begin now", "To come", "Fri 6 Mar 16:00")
    assert (await talk.says("extend the freeze until tuesday", by="lead")).card.answer == "ok"
    (await talk.says("when is the freeze over", by="analyst")).shows("until the end of Tue 10 Mar")
    (await talk.says("unfreeze", by="lead")).shows("is called off")


async def test_no_deploys_on_weekends_is_kept_every_week(talk: Talk) -> None:
    (await talk.says("no deploys on weekends", by="lead")).shows(
        "every week from Sat 00:00 to Mon 00:00 (Europe/Berlin)?"
    )
    (await talk.says("keep it", by="lead")).shows("every week from Sat 00:00 to Mon 00:00 (Europe/Berlin)")
    await talk.sleeps_until(talk.clock.now() + timedelta(days=10))  # saturday of the week after
    (await talk.says("deploy churn v2", by="engineer")).shows("frozen by lead", "every week from Sat 00:00")


async def test_only_approvers_freeze_and_everybody_may_ask(talk: Talk) -> None:
    (await talk.says("freeze everything until monday", by="engineer")).shows("engineer may not freeze deploys")
    (await talk.says("are we frozen?", by="engineer")).shows("No. Changes may begin")


async def test_a_freeze_of_one_model_until_further_notice_is_no_pause(talk: Talk) -> None:
    card = await talk.says("freeze churn until further notice", by="lead")
    card.shows("churn changes are frozen", "It has no end")
    assert await talk.traffic("churn") == {"v1": 100}
    (await talk.says("scale churn to 3 replicas", by="engineer")).shows("frozen for churn by lead")
    assert (await talk.says("scale demand to 3 replicas", by="engineer")).card.run_id is not None
    (await talk.says("unfreeze churn", by="lead")).shows("The freeze is over")


async def test_an_end_in_the_past_or_unknown_is_asked_back(talk: Talk) -> None:
    (await talk.says("freeze deploys until yesterday", by="lead")).shows("has passed")
    (await talk.says("freeze deploys until the cows come home", by="lead")).shows("I do not know when")
    (await talk.says("are we frozen?")).shows("no freeze is set")


async def test_a_pause_for_two_hours_shows_its_end_in_the_plan_and_ends_by_itself(talk: Talk) -> None:
    plan = await talk.starts("pause churn for 2 hours", by="engineer")
    plan.shows("until Wed 4 Mar 11:00 (Europe/Berlin)", "then v1 serves again")
    await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    (await plan.now()).shows("paused until Wed 4 Mar 11:00 (Europe/Berlin), then it is resumed by itself")
    assert await talk.traffic("churn") == {}
    (await talk.says("status churn")).shows("churn: paused until Wed 4 Mar 11:00 (Europe/Berlin)")
    await talk.served("churn", {"v1": 100}, minutes=125)
    (resumed,) = [run for run in await talk.runs() if run.playbook == "resume_model"]
    assert resumed.actor.startswith("timer:") and resumed.thread == (await talk.run(plan.run)).thread


async def test_a_pause_that_is_ended_by_hand_stays_ended(talk: Talk) -> None:
    plan = await talk.starts("pause churn for 2 hours", by="engineer")
    await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    again = await talk.starts("resume churn", by="engineer")
    await again.click("Approve", by="lead")
    await talk.finished(again.run)
    await talk.minutes(150)
    assert len(await talk.runs()) == 2 and await talk.traffic("churn") == {"v1": 100}


async def test_a_pause_ends_also_when_the_bot_was_restarted_in_between(talk: Talk) -> None:
    plan = await talk.starts("pause churn for 2 hours", by="engineer")
    await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    await talk.restart(down=timedelta(hours=3))
    await talk.served("churn", {"v1": 100}, minutes=5)
    assert len(await talk.runs()) == 2


async def test_a_reminder_comes_to_where_it_was_asked_for_also_after_a_restart(talk: Talk) -> None:
    card = await talk.says("remind me tomorrow at 10 to check churn", by="analyst", conversation="business")
    card.shows("I remind you here Thu 5 Mar 10:00 (Europe/Berlin): check churn", "I only remind")
    (await talk.says("what did I ask to be reminded of", by="analyst")).shows(
        "Thu 5 Mar 10:00 (Europe/Berlin)", "business"
    )
    assert "Thu 5 Mar" not in (await talk.says("my reminders", by="lead")).words
    await talk.restart(down=timedelta(hours=24))
    await talk.sleeps_until(talk.clock.now() + timedelta(hours=3))
    (told,) = [shown for shown in await talk.cards("business") if "a reminder" in shown.card.title]
    told.shows("a reminder: check churn")
    (await talk.says("what did I ask to be reminded of", by="analyst")).shows("You have no reminder")


async def test_a_reminder_of_an_order_orders_nothing(talk: Talk) -> None:
    (await talk.says("remind me in 1 hour to roll back churn and approve run 7", by="engineer")).shows("I only remind")
    await talk.minutes(70)
    assert await talk.runs() == []
    assert [shown.card.title for shown in await talk.cards()][-1].endswith("roll back churn and approve run 7")


async def test_a_reminder_can_be_taken_back(talk: Talk) -> None:
    card = await talk.says("remind me at 17:00 to check churn", by="engineer")
    assert (await card.click("Cancel reminder 1", by="engineer")).accepted
    await talk.minutes(60 * 10)
    assert not [shown for shown in await talk.cards() if "a reminder:" in shown.card.title]
    (await talk.says("cancel reminder 7", by="engineer")).shows("reminder", "7")


async def test_a_vacation_proposes_who_approves_and_sets_nothing(talk: Talk) -> None:
    card = await talk.says("I am on vacation next week", by="lead")
    card.shows(
        "Who shall approve in your place?",
        "Nothing is set",
        "from Mon 9 Mar 00:00 (Europe/Berlin)",
        "the end of Sun 15 Mar",
    )
    assert await talk.bot.core.ports.records.delegations() == []
    assert (await card.click("sre approves for me", by="lead")).accepted
    (made,) = await talk.bot.core.ports.records.delegations()
    assert (made.owner, made.delegate) == ("lead", "sre") and made.begins is not None
    (await talk.says("approvals", by="sre")).shows("sre decides for lead from Mon 9 Mar 00:00 (Europe/Berlin)")


async def test_whoever_approves_nothing_needs_nobody_in_his_place(talk: Talk) -> None:
    (await talk.says("I am on vacation next week", by="analyst")).shows("nobody has to stand in for you")
