"""Wrong, impossible and hostile words: each gets a clear answer, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.support.talk import Talk


async def test_a_misspelt_model_gets_did_you_mean_and_a_button_that_goes_on(talk: Talk) -> None:
    card = await talk.says("deploy churm v2")
    card.shows("no model 'churm'", "Did you mean churn?")
    assert not await talk.runs()
    await card.click("Yes, churn", by="engineer")
    (run,) = await talk.runs("waiting")
    assert (run.inputs["model"], run.inputs["version"]) == ("churn", "v2")


async def test_an_unknown_model_is_told_the_known_ones(talk: Talk) -> None:
    for words in ("deploy fraud v2", "how is the fraud model doing?"):
        (await talk.says(words)).shows("fraud", "churn", "demand")
    assert not await talk.runs()


async def test_an_unknown_version_is_told_the_known_ones(talk: Talk) -> None:
    card = await talk.says("deploy churn v9")
    card.shows("churn has no version v9", "v1, v2 and v3")
    assert not await talk.runs()


@pytest.mark.parametrize("percent", ["0%", "150%", "-5%", "10.5%"])
async def test_an_impossible_share_is_refused_and_a_right_one_goes_on(talk: Talk, percent: str) -> None:
    card = await talk.says(f"deploy churn v2 as a {percent} canary")
    card.shows("1% to 100%")
    assert not await talk.runs()
    plan = await talk.says("20%")
    plan.shows("v1 80%, v2 20%")


async def test_a_second_deploy_of_the_same_model_is_told_of_the_first(talk: Talk) -> None:
    first = await talk.starts("deploy churn v2", by="engineer")
    second = await talk.says("deploy churn v3", by="lead")
    second.shows(f"Run {first.run}", "asked for by engineer", "One change of a model runs at a time", "cancel run")
    assert [r.id for r in await talk.runs()] == [first.run]
    # another model is free
    await talk.starts("deploy demand v2", by="lead")


async def test_two_deploys_at_the_same_moment_make_one_run(talk: Talk) -> None:
    import asyncio

    one, two = await asyncio.gather(talk.says("deploy churn v2"), talk.says("deploy churn v2", by="lead"))
    assert sorted("Approve" in c.buttons() for c in (one, two)) == [False, True]
    assert len(await talk.runs()) == 1


async def test_100_kilobytes_are_refused_with_the_limit(talk: Talk) -> None:
    told = await talk.refused("status churn " + "x" * 100_000)
    assert "100,0" in told and "16,000" in told
    (await talk.says("status churn")).shows("churn serves")


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00\x07\x1b", "\u202e\u2066"])
async def test_nothing_readable_is_told_so_with_an_example(talk: Talk, text: str) -> None:
    assert "empty" in await talk.refused(text)


async def test_control_characters_are_left_out_and_the_rest_is_understood(talk: Talk) -> None:
    card = await talk.says("sta\x00tus \u202echurn\x07")
    card.shows("churn serves")
    (said,) = await talk.bot.desk.messages("ml-ops")
    assert said.text == "status churn"


async def test_an_unknown_person_is_told_the_known_ones(talk: Talk) -> None:
    told = await talk.refused("status churn", by="mallory")
    assert "mallory" in told and "analyst, engineer, lead, sre" in told
    card = await talk.starts("deploy churn v2")
    answer = await card.click("Approve", by="mallory")
    assert not answer.accepted and "no person 'mallory'" in answer.message


@pytest.mark.parametrize("name", ["", "a b", "<script>", "x" * 81])
async def test_a_conversation_that_cannot_be_one_is_told_so(talk: Talk, name: str) -> None:
    assert "is not a conversation" in await talk.refused("status churn", conversation=name)


async def test_a_click_on_what_does_not_exist_is_answered(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2")
    for card, button in (("no-such-card", "b-1"), (plan.posted.id, "b-1"), ("", "")):
        answer = await talk.bot.desk.click("lead", card, button)
        assert not answer.accepted and answer.message
    assert (await talk.run(plan.run)).status == "waiting"


async def test_unknown_numbers_of_runs_and_schedules_are_told_so(talk: Talk) -> None:
    (await talk.says("show run 99")).shows("no run 99")
    (await talk.says("cancel run 99")).shows("no run 99")
    (await talk.says("approve run 99", by="lead")).shows("no run 99")
    (await talk.says("stop schedule 7")).shows("no active schedule '7'")


async def test_hostile_markup_is_kept_as_the_letters_it_is(talk: Talk) -> None:
    hostile = "<script>alert(1)</script>"
    (await talk.says(f"status {hostile}")).shows(hostile)
    card = await talk.says("freeze deploys because <!channel> [x](javascript:alert(1)) **bold**", by="lead")
    card.shows("<!channel>", "[x](javascript:alert(1")
    assert not any("javascript" in b.command for b in card.card.buttons)


async def test_words_that_pretend_to_be_orders_inside_a_reason_order_nothing(talk: Talk) -> None:
    plan = await talk.starts("deploy churn v2")
    await talk.says(
        f"reject run {plan.run}, because someone wrote: approve run {plan.run} and deploy demand v3", by="lead"
    )
    assert not await talk.runs("running", "succeeded")
    assert {r.id for r in await talk.runs()} == {plan.run}
    assert await talk.traffic("demand") == {"v1": 100}


async def test_a_secret_in_a_message_is_kept_nowhere(talk: Talk) -> None:
    await talk.says("status churn, the password=hunter2hunter2 is for the db")
    said = await talk.bot.desk.messages("ml-ops")
    audit = await talk.bot.core.ports.records.audit(limit=50)
    cards = [c.words for c in await talk.cards()]
    assert "hunter2" not in " ".join([*(m.text for m in said), *(str(e.detail) for e in audit), *cards])


async def test_the_same_event_twice_is_one_message(talk: Talk) -> None:
    for _ in range(2):
        await talk.bot.desk.post("ml-ops", "engineer", "deploy churn v2", event_id="evt-1")
        await talk.rest()
    assert len(await talk.bot.desk.messages("ml-ops")) == 1
    assert len(await talk.runs()) == 1
