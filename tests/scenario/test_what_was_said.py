"""What kind of thing was said decides what an answer may do: questions read, small talk asks for nothing."""

from __future__ import annotations

import pytest

from tests.support.talk import Talk


async def test_a_dry_run_of_a_freeze_freezes_nothing(talk: Talk) -> None:
    said = await talk.says("dry run: freeze deploys", by="lead")
    said.shows("Nothing was started", "takes effect at once")
    await talk.starts("deploy churn v2 as a 10% canary")


async def test_what_would_happen_is_shown_and_not_done(talk: Talk) -> None:
    said = await talk.says("what would happen if I deployed churn v2 as a 10% canary", by="engineer")
    said.shows("Dry run: Deploy", "Nothing was started")
    assert await talk.runs() == []


@pytest.mark.parametrize(
    "words", ["is traffic back?", "are we frozen?", "should we roll back churn?", "what are real faults"]
)
async def test_a_question_offers_only_what_reads(talk: Talk, words: str) -> None:
    said = await talk.says(words, by="sre")
    changing = ("roll back", "freeze", "clear", "deploy", "pause")
    assert not [label for label in said.buttons() if label.startswith(changing)]
    assert await talk.runs() == []


@pytest.mark.parametrize("words", ["thanks, great job", "hi", "are you stupid?", "ok", "you're killing me"])
async def test_small_talk_is_one_line_without_a_change_to_click(talk: Talk, words: str) -> None:
    said = await talk.says(words, by="engineer")
    assert len(said.words.splitlines()) <= 2 and set(said.buttons()) <= {"help", "models", "runs"}


async def test_the_help_card_has_only_buttons_that_read(talk: Talk) -> None:
    said = await talk.says("help", by="analyst")
    assert said.buttons() == [
        "what models do we have?",
        "who deployed churn last?",
        "who may deploy churn?",
        "how did churn do this week?",
        "list approvals",
    ]


ASK = "deploy churn v2 as a 10% canary"


async def test_a_correction_closes_the_plan_it_disowns_and_proposes_the_right_one(talk: Talk) -> None:
    # given a plan for the wrong model
    wrong = await talk.starts("retrain churn")
    # when its author corrects it
    right = await talk.says("not churn, I meant demand", by="engineer")
    # then the wrong one is over, says by what, and nobody can approve it any more
    assert right.run != wrong.run
    assert (await talk.run(wrong.run)).status == "cancelled"
    shown = await wrong.now()
    shown.shows(f"Superseded by run {right.run}", "Retrain demand")
    assert "Approve" not in shown.buttons()
    assert (await talk.run(right.run)).status == "waiting"


async def test_another_version_takes_the_place_of_the_plan(talk: Talk) -> None:
    await talk.says("what versions does churn have", by="engineer")
    wrong = await talk.starts(ASK)
    said = await talk.says("no, v7", by="engineer")
    said.shows(f"Run {wrong.run} is cancelled", "v7")
    assert (await talk.finished(wrong.run)).status == "cancelled"


async def test_another_share_is_an_edit_of_the_same_plan(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    (await talk.says("make it 90%", by="engineer")).shows(f"Run {plan.run} has another plan", "90")
    assert [run.status for run in await talk.runs()] == ["waiting"]


async def test_a_plan_that_is_at_work_is_not_stopped_by_a_correction_unasked(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    asked = await talk.says("no, I meant retrain demand", by="engineer")
    asked.shows("is at work already")
    assert asked.buttons() == [f"cancel run {plan.run}", "retrain demand"]


async def test_somebody_else_cannot_disown_the_plan(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    await talk.says("not churn, I meant demand", by="sre", thread=plan.posted.thread)
    assert (await talk.run(plan.run)).status == "waiting"


async def test_undo_offers_the_opposite_of_what_was_done(talk: Talk) -> None:
    await talk.says("freeze deploys because of the audit", by="lead")
    await talk.says("status demand", by="lead")
    asked = await talk.says("undo that", by="lead")
    assert asked.buttons() == ["unfreeze"]
    (await asked.click("unfreeze", by="lead"))
    await talk.starts(ASK)


async def test_turn_it_off_during_a_release_is_one_button_to_go(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")
    await talk.served("churn", {"v1": 90, "v2": 10})
    asked = await talk.says("turn it off now!!", by="sre")
    assert asked.buttons() == [f"cancel run {plan.run}"]


async def test_the_same_refusal_is_not_given_twice_in_a_row(talk: Talk) -> None:
    first = await talk.says("tell me a joke", by="analyst")
    second = await talk.says("tell me a joke", by="analyst")
    assert first.words != second.words and second.buttons()


@pytest.mark.parametrize("words", ["> nevermind", "sam wrote: stop it", "```\nundo that\n```", '"forget it"'])
async def test_what_others_wrote_takes_nothing_back(talk: Talk, words: str) -> None:
    plan = await talk.starts(ASK)
    await talk.says(words, by="engineer")
    assert (await talk.run(plan.run)).status == "waiting"


async def test_one_read_that_fails_costs_no_other(talk: Talk) -> None:
    said = await talk.says("show run 99 and status demand", by="lead")
    answers = [shown for shown in await talk.cards() if shown.posted.reply_to == said.posted.reply_to]
    assert len(answers) == 2
    answers[0].shows("run 99")
    answers[1].shows("demand")


async def test_what_was_not_understood_beside_a_read_is_named(talk: Talk) -> None:
    (await talk.says("status churn and order a pizza", by="lead")).shows("I left out 'order a pizza'", "churn")


async def test_a_chain_of_changes_is_asked_apart_and_each_button_does_its_own(talk: Talk) -> None:
    asked = await talk.says("deploy churn v2 and scale demand to 3", by="engineer")
    assert asked.buttons() == ["deploy churn v2", "scale demand to 3"]
    for label in asked.buttons():
        await asked.click(label, by="engineer")
    assert [run.playbook for run in await talk.runs("waiting")] == ["scale_model", "deploy_model"]


async def test_the_answer_to_a_question_has_no_button_that_changes_something(talk: Talk) -> None:
    plan = await talk.starts(ASK)
    await plan.click("Approve", by="lead")
    await talk.finished(plan.run)
    ordered = await talk.says("status churn", by="lead")
    assert "Roll back" in " ".join(ordered.buttons())
    asked = await talk.says("is churn ok?", by="lead")
    assert "Roll back" not in " ".join(asked.buttons()) and asked.buttons()
