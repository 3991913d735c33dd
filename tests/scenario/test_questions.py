"""Someone new asks what there is; someone is vague; someone asks for what the bot cannot do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bizaiops_bot.domain.cards import Chart, Fields, Steps
from tests.support.talk import Talk


async def test_help_shows_what_to_say_and_who_may(talk: Talk) -> None:
    # when someone new asks for help
    card = await talk.says("help", by="analyst")
    # then there is a table of things to say, who may, and buttons to begin with
    table = card.table()
    assert table.columns == ("For", "Say", "Who may")
    card.shows("deploy churn v2 as a 10% canary", "roll back churn", "how did churn do this week?", "everyone")
    assert "what models do we have?" in card.buttons()


async def test_a_help_button_says_its_words_and_is_answered_in_the_same_thread(talk: Talk) -> None:
    # given the help card
    card = await talk.says("help", by="analyst")
    # when its first button is clicked
    answer = await card.click("what models do we have?", by="analyst")
    # then the list of models comes in the thread of the help card
    assert answer.accepted
    newest = (await talk.cards())[-1]
    newest.shows("churn", "demand")
    assert newest.posted.thread == card.posted.thread


async def test_the_list_of_models_has_traffic_health_drift_and_a_kpi_of_each(talk: Talk) -> None:
    # when someone asks what there is
    card = await talk.says("what models do we have?")
    # then both models are there with live facts and their first KPI as bars
    rows = {row[0]: row for row in card.table().rows}
    assert set(rows) == {"churn", "demand"}
    for row in rows.values():
        assert row[1] == "v1 100%" and "healthy" in row[2] and row[3] == "no drift"
        assert any(bar in row[4] for bar in "▁▂▃▄▅▆▇█")
    assert {"Status churn", "Status demand"} <= set(card.buttons())


async def test_the_status_has_live_numbers_and_a_chart_that_move_with_the_world(talk: Talk) -> None:
    # when the status is asked
    card = await talk.says("status churn")
    # then requests, errors and latency of the serving version are there, drift, quality on labels, and a chart
    row = card.table().rows[0]
    assert row[:3] == ("v1", "stable", "100%")
    assert int(row[3].replace(",", "")) > 1000
    assert row[4].endswith("%") and row[5].endswith(" ms") and row[6].endswith(" ms")
    card.shows("Replicas: 1", "no drift", "auc", "labels", "Open alerts: none")
    chart = card.chart()
    assert len(chart.x) == 30 and chart.unit == "ms"
    assert any(value is not None for value in chart.series[0].values)
    # and when the world has lived on, the numbers are others
    await talk.minutes(5)
    later = await talk.says("status churn")
    assert later.table().rows != card.table().rows
    assert later.chart().x != chart.x


@pytest.mark.parametrize(
    "words",
    ["how is churn doing?", "is the churn model healthy", "show me the status of churn please", "Status: CHURN"],
)
async def test_the_status_can_be_asked_in_other_words(talk: Talk, words: str) -> None:
    card = await talk.says(words, by="analyst")
    assert card.has(Fields) and card.has(Chart)
    assert card.table().rows[0][0] == "v1"


async def test_a_vague_request_gets_one_question_and_a_click_finishes_it(talk: Talk) -> None:
    # when the model is missing
    question = await talk.says("how is the model doing?")
    # then one question with a button for each model comes back
    assert question.card.title == "Which model: churn or demand?"
    assert question.buttons() == ["churn", "demand"]
    # and when one is clicked, the status of that model is shown
    assert (await question.click("demand", by="engineer")).accepted
    (await talk.cards())[-1].shows("demand serves v1 100%")


async def test_a_vague_deploy_is_asked_twice_and_then_plans_what_was_clicked(talk: Talk) -> None:
    # when neither model nor version is said
    which_model = await talk.says("deploy")
    assert {"churn", "demand"} == set(which_model.buttons())
    await which_model.click("churn", by="engineer")
    # then the version is asked for, and only then a plan is made
    which_version = (await talk.cards())[-1]
    assert "v2" in which_version.buttons() and not await talk.runs()
    await which_version.click("v2", by="engineer")
    (run,) = await talk.runs("waiting")
    assert run.inputs["model"] == "churn" and run.inputs["version"] == "v2"
    assert await talk.traffic("churn") == {"v1": 100}


async def test_a_question_can_be_answered_in_words_too(talk: Talk) -> None:
    await talk.says("roll out a new version of demand")
    card = await talk.says("v2")
    card.shows("Deploy demand v2", "waiting for approval")


async def test_what_was_meant_is_remembered_for_follow_ups(talk: Talk) -> None:
    # given that churn was spoken of
    await talk.says("status churn")
    # then "and demand?" asks the same of another model, and "it" is the model or run spoken of last
    (await talk.says("and demand?")).shows("demand serves")
    plan = await talk.starts("scale it to 3")
    plan.shows("replicas of demand: 1 -> 3")
    (await talk.says("cancel it")).shows(f"run {plan.run}")
    assert (await talk.run(plan.run)).status == "cancelled"


async def test_what_another_person_spoke_of_is_not_what_i_mean(talk: Talk) -> None:
    await talk.says("status demand", by="analyst")
    question = await talk.says("scale it to 3", by="engineer")
    assert "Which model" in question.card.title
    await question.click("churn", by="engineer")
    (run,) = await talk.runs("waiting")
    assert {name: value for name, value in run.inputs.items() if value is not None} == {"model": "churn", "replicas": 3}


async def test_another_conversation_knows_nothing_of_this_one(talk: Talk) -> None:
    await talk.says("status churn", conversation="ml-ops")
    question = await talk.says("pause it", conversation="random")
    assert "Which model" in question.card.title
    assert not await talk.runs()


@pytest.mark.parametrize(
    "words", ["order me a pizza", "delete the production database", "what is the weather in Berlin?", "write me a poem"]
)
async def test_what_it_cannot_do_gets_a_clear_no_with_what_it_can(talk: Talk, words: str) -> None:
    card = await talk.says(words, by="lead")
    card.shows("I look after the models", "help")
    assert not await talk.runs() and not card.has(Steps)


async def test_two_changes_at_once_are_asked_apart(talk: Talk) -> None:
    card = await talk.says("deploy churn v2 and pause demand")
    card.shows("2 things", "one at a time")
    assert card.buttons() == ["deploy churn v2", "pause demand"]
    assert not await talk.runs()


async def test_two_reads_at_once_are_both_answered(talk: Talk) -> None:
    said = await talk.says("status churn and demand")
    answers = [shown for shown in await talk.cards() if shown.posted.reply_to == said.posted.reply_to]
    assert [shown.card.title.split(":")[0] for shown in answers] == ["churn", "demand"]


@pytest.mark.parametrize(
    "words",
    [
        "dry run: deploy churn v2 as a 10% canary",
        "deploy churn v2 as a 10% canary, dry run",
        "simulate: deploy churn v2 as a 10% canary",
    ],
)
async def test_a_dry_run_shows_the_whole_plan_and_starts_nothing(talk: Talk, words: str) -> None:
    card = await talk.says(words)
    card.shows("Nothing was started", "v1 90%, v2 10%", "judge v2", "restore traffic: churn v1 100%", "plan ")
    assert not await talk.runs()
    assert await talk.traffic("churn") == {"v1": 100}


async def test_what_is_said_and_answered_can_be_read_again_in_order(talk: Talk) -> None:
    before = talk.clock.now()
    await talk.says("status churn", by="analyst", conversation="sales")
    said = await talk.bot.desk.messages("sales")
    shown = await talk.bot.desk.cards("sales")
    assert [m.text for m in said] == ["status churn"] and said[0].actor == "analyst"
    assert [c.reply_to for c in shown] == [said[0].id] and shown[0].seq > said[0].seq
    assert said[0].at == before == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
