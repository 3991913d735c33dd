"""What is approved is what was seen: every way to decide, with an edit between seeing and deciding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bizaiops_bot.domain.errors import BotError
from tests.support.talk import Shown, Talk

ASK = "deploy churn v2 as a 10% canary"
Seen = dict[str, Shown]
Way = Callable[[Talk, Seen], Awaitable[str]]


def _words(text: str, thread: bool = False) -> Way:
    async def say(talk: Talk, seen: Seen) -> str:
        inside = seen["run"].posted.thread if thread else None
        return (await talk.says(text, by="lead", thread=inside)).words

    return say


def _button(card: str, label: str) -> Way:
    async def press(talk: Talk, seen: Seen) -> str:
        return (await seen[card].click(label, by="lead")).message

    return press


async def _offered(talk: Talk, seen: Seen) -> str:
    """The button of a question, whose words are said for the person."""
    message = await talk.bot.desk.order(
        "ml-ops", "lead", "approve run 1", {"playbook": "approve_run", "run": "1"}, thread="t-lead"
    )
    answers = [c for c in await _settled(talk) if c.posted.reply_to == message.id]
    return answers[-1].words


async def _settled(talk: Talk) -> list[Shown]:
    async def quiet() -> bool:
        return not talk.bot.core.activity.busy

    await talk.until(quiet, minutes=1)
    return await talk.cards()


def _program(**bound: str) -> Way:
    async def decide(talk: Talk, seen: Seen) -> str:
        about = {name: seen["run"].posted.card.buttons[0].bind[name] for name in bound}
        try:
            return await talk.bot.core.ports.controls.decide_words(1, "approved", actor="lead", **about)
        except BotError as exc:
            return str(exc)

    return decide


WAYS: dict[str, Way] = {
    "the number in words": _words("approve run 1"),
    "the number in the thread": _words("approve run 1", thread=True),
    "words with a reason": _words("approve run 1, looks good"),
    "the button of a question": _offered,
    "the run's own card": _button("run", "Approve"),
    "the card of show run": _button("shown", "Approve run 1"),
    "the list of what waits": _button("listed", "Approve run 1"),
    "a program without a plan": _program(),
    "a program with the plan it has read": _program(plan_hash=""),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_plan_that_was_edited_after_it_was_seen_is_not_decided_on(talk: Talk, way: str) -> None:
    # given an approver who has seen the plan
    seen = {"run": await talk.starts(ASK)}
    seen["shown"] = await talk.says("show run 1", by="lead")
    seen["listed"] = await talk.says("what is waiting for approval?", by="lead")
    # when it is changed before the decision comes
    await talk.says("make it 90%", thread=seen["run"].posted.thread)
    assert (await talk.run(1)).inputs["canary"] == 90
    told = await WAYS[way](talk, seen)
    # then nothing is decided, and the person is told
    record = await talk.run(1)
    assert record.status == "waiting" and not record.decisions, told
    assert "another plan" in told or "90%" in told or "no longer valid" in told, told
    assert await talk.traffic("churn") == {"v1": 100}


@pytest.mark.parametrize("way", WAYS)
async def test_a_plan_that_stays_as_it_was_seen_is_decided_on(talk: Talk, way: str) -> None:
    seen = {"run": await talk.starts(ASK)}
    seen["shown"] = await talk.says("show run 1", by="lead")
    seen["listed"] = await talk.says("what is waiting for approval?", by="lead")
    await WAYS[way](talk, seen)
    assert [d.actor for d in (await talk.run(1)).decisions] == ["lead"]


async def test_the_new_plan_is_shown_with_what_is_different_and_asked_again(talk: Talk) -> None:
    run = await talk.starts(ASK)
    await talk.says("make it 90%", thread=run.posted.thread)
    # when somebody approves in words what they never saw
    again = await talk.says("approve run 1", by="lead")
    # then they are shown the plan with what is different
    again.shows("another plan now than you were shown", "engineer changed it: canary 10 -> 90", "v2 90%")
    assert again.buttons()[:2] == ["Approve run 1", "Reject run 1"]
    # and saying it once more counts, as does its button
    (await talk.says("approve run 1", by="lead")).shows("approved run 1")
    assert [d.actor for d in (await talk.run(1)).decisions] == ["lead"]


async def test_an_old_button_under_another_card_shows_the_new_plan_there(talk: Talk) -> None:
    run = await talk.starts(ASK)
    listed = await talk.says("what is waiting for approval?", by="lead", conversation="leads")
    await talk.says("make it 90%", thread=run.posted.thread)
    told = await listed.click("Approve run 1", by="lead")
    assert not told.accepted and "canary 10 -> 90" in told.message
    (again,) = [c for c in await talk.cards("leads") if "look at run 1 again" in c.card.title]
    assert (await again.click("Approve run 1", by="lead")).accepted


async def test_an_edit_between_looking_again_and_deciding_is_asked_about_too(talk: Talk) -> None:
    run = await talk.starts(ASK)
    await talk.says("make it 90%", thread=run.posted.thread)
    await talk.says("approve run 1", by="lead")
    await talk.says("make it 50%", thread=run.posted.thread)
    (await talk.says("approve run 1", by="lead")).shows("canary 90 -> 50")
    assert (await talk.run(1)).status == "waiting"
