"""Sentences without a name, said in the middle of something: the bot knows what is open."""

from __future__ import annotations

from tests.support.talk import Talk


async def test_an_approver_asks_short_questions_and_agrees_in_free_words(talk: Talk) -> None:
    await talk.starts("deploy churn v2 as a 10% canary", by="engineer")
    until = await talk.says("how much time do i have for this", by="lead")
    assert "can be approved until" in until.words
    others = await talk.says("who else could do that?", by="lead")
    assert "lead" in others.words
    asked = await talk.says("ok, i have seen what i wanted, go ahead", by="lead")
    assert "Do you mean run 1" in asked.words
    assert [run.id for run in await talk.runs("waiting")] == [1], "a sentence approves nothing"
    await asked.click("approve run 1", by="lead")
    assert not await talk.runs("waiting")


async def test_somebody_at_night_asks_on_without_naming_the_model(talk: Talk) -> None:
    await talk.inject("churn", "latency")
    await talk.alert("churn", "latency_detected")
    await talk.says("alerts of churn", by="sre")
    looked = await talk.says("what is causing that", by="sre")
    assert "churn" in looked.words and "latency" in looked.words.lower()
    changed = await talk.says("did somebody touch anything before that", by="sre")
    assert "since yesterday" in changed.words.lower()
    assert not [button for button in changed.buttons() if button.startswith(("deploy", "roll back"))]


async def test_a_remark_in_the_middle_begins_nothing(talk: Talk) -> None:
    await talk.says("status of churn", by="sre")
    told = await talk.says("maybe it is the network", by="sre")
    assert "nothing was started" in told.words
    assert not await talk.runs("waiting")
