"""Buttons of cards in Slack."""

from __future__ import annotations

import asyncio

import pytest

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.posts import PostedCard
from tests.support.sample_cards import plan_card
from tests.support.slack_room import CHANNEL, SlackStand, click, opened, submission

WHERE = f"slack:{CHANNEL}"


@pytest.fixture
def stand() -> SlackStand:
    return SlackStand()


async def _plan(stand: SlackStand) -> PostedCard:
    return await stand.lobby.desk.answer(WHERE, plan_card())


def _button(posted: PostedCard, label: str) -> str:
    return "b:" + next(b.id for b in posted.buttons if b.label == label)


async def test_a_press_by_who_may_is_carried_out_and_the_card_alone_tells_it(stand: SlackStand) -> None:
    posted = await _plan(stand)
    answer = await stand.send(click(posted.id, _button(posted, "Approve"), user="ULEAD"))
    assert answer.status == 200
    assert [(c.actor, c.card) for c in stand.lobby.desk.clicks] == [("lead", posted.id)]
    assert stand.told == []


async def test_the_same_press_sent_twice_is_one_and_the_next_one_is_another(stand: SlackStand) -> None:
    posted = await _plan(stand)
    press = click(posted.id, _button(posted, "Approve"), user="ULEAD", at="7.1")
    await stand.send(press)
    await stand.send(press)
    await stand.send(click(posted.id, _button(posted, "Approve"), user="ULEAD", at="7.2"))
    first, again, other = (c.event_id for c in stand.lobby.desk.clicks)
    assert first == again != other


async def test_who_may_not_is_told_why_alone_and_in_the_thread(stand: SlackStand) -> None:
    posted = await _plan(stand)
    await stand.send(click(posted.id, _button(posted, "Approve"), ts="100.2", thread_ts="100.1"))
    said = stand.client.of("chat.postEphemeral")[0]
    assert "requester cannot approve" in said["text"]
    assert (said["user"], said["channel"], said["thread_ts"]) == ("UENG", CHANNEL, "100.1")


@pytest.mark.parametrize(
    ("user", "standing", "word"),
    [
        ("UX", "member", "do not know"),
        ("UENG", "guest", "guest"),
        ("UENG", "stranger", "another company"),
        ("UENG", "bot", "bot"),
        ("UENG", "deactivated", "deactivated"),
    ],
)
async def test_nobody_presses_for_the_bot_whom_it_does_not_know(
    stand: SlackStand, user: str, standing: str, word: str
) -> None:
    posted = await _plan(stand)
    stand.standing[user] = standing
    await stand.send(click(posted.id, _button(posted, "Approve"), user=user))
    assert stand.lobby.desk.clicks == []
    assert word in stand.told[0]


async def test_a_button_of_a_card_that_is_gone_is_answered_truthfully(stand: SlackStand) -> None:
    await stand.send(click("run-77", "b:old"))
    assert "older version" in stand.told[0]


async def test_a_button_that_asks_why_opens_a_modal_before_anybody_is_looked_up(stand: SlackStand) -> None:
    posted = await stand.lobby.desk.answer(
        WHERE, Card(title="Plan", run_id=3, buttons=(Button(label="Reject", command="reject run 3", ask="Why?"),))
    )
    stand.standing["ULEAD"] = "guest"  # would be told, had the person been looked up
    await stand.send(click(posted.id, _button(posted, "Reject"), user="ULEAD", ts="100.2", thread_ts="100.1"))
    assert opened(stand)["callback_id"] == "reason"
    assert stand.told == [] and stand.lobby.desk.clicks == []

    del stand.standing["ULEAD"]
    sent = submission(opened(stand), {"reason": {"type": "plain_text_input", "value": "too risky"}}, user="ULEAD")
    await stand.send(sent)
    await stand.send(sent)
    pressed = stand.lobby.desk.clicks
    assert [(c.reason, c.event_id) for c in pressed] == [("too risky", "slack/V1")] * 2
    assert stand.lobby.desk.reasons == ["too risky"]


async def test_no_reason_is_an_answer_too(stand: SlackStand) -> None:
    posted = await stand.lobby.desk.answer(
        WHERE, Card(title="Plan", run_id=3, buttons=(Button(label="Reject", command="reject run 3", ask="Why?"),))
    )
    await stand.send(click(posted.id, _button(posted, "Reject")))
    await stand.send(submission(opened(stand), {"reason": {"type": "plain_text_input", "value": None}}))
    assert stand.lobby.desk.reasons == [""]


async def test_a_modal_that_came_too_late_is_told(stand: SlackStand) -> None:
    posted = await stand.lobby.desk.answer(
        WHERE, Card(title="Plan", buttons=(Button(label="Reject", command="reject run 3", ask="Why?"),))
    )
    stand.client.errors["views.open"] = "expired_trigger_id"
    await stand.send(click(posted.id, _button(posted, "Reject")))
    assert "3 seconds" in stand.told[0]


async def test_what_the_card_does_not_show_is_told(stand: SlackStand) -> None:
    posted = await stand.lobby.desk.answer(WHERE, Card(title="Which?", buttons=(Button(label="churn", command="x"),)))
    await stand.send(click(posted.id, _button(posted, "churn")))
    assert stand.told == ["churn: done."]


async def test_the_form_of_a_question_opens_with_its_fields(stand: SlackStand) -> None:
    posted = await stand.lobby.desk.answer(WHERE, Card(title="Which version?"))
    await stand.send(click(posted.id, "form", ts="100.2"))
    view = opened(stand)
    assert view["callback_id"] == "form"
    assert [b["block_id"] for b in view["blocks"] if b["type"] == "input"] == ["model", "version", "canary"]


async def test_a_slow_form_opens_as_a_moment_and_is_filled_later(
    stand: SlackStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bizaiops_bot.surfaces.slack.listeners._modals.OPEN_AFTER_S", 0.0)
    known, go = stand.lobby.forms.form_of, asyncio.Event()

    async def slow(actor: str, card: str) -> object:
        await go.wait()
        return await known(actor, card)

    monkeypatch.setattr(stand.lobby.forms, "form_of", slow)
    posted = await stand.lobby.desk.answer(WHERE, Card(title="Which version?"))
    sending = asyncio.create_task(stand.send(click(posted.id, "form")))
    await stand.until(lambda: stand.client.of("views.open"))
    assert "One moment" in str(opened(stand)["blocks"])
    go.set()
    await sending
    assert stand.client.of("views.update")[0]["view_id"] == "V1"
    assert stand.client.of("views.update")[0]["view"]["callback_id"] == "form"


async def test_a_link_is_only_acknowledged(stand: SlackStand) -> None:
    answer = await stand.send(click("c1", "open_console"))
    assert answer.status == 200 and stand.client.calls == []


async def test_a_defect_is_told_with_a_reference(
    stand: SlackStand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(card: str) -> PostedCard | None:
        raise KeyError("secret inside")

    monkeypatch.setattr(stand.lobby.desk, "card", broken)
    await stand.send(click("c1", "b:x"))
    assert "Something went wrong on my side. Reference" in stand.told[0]
    assert "secret" not in stand.told[0] and "secret inside" in caplog.text


async def test_where_nothing_can_be_said_in_the_channel_it_is_said_in_person(stand: SlackStand) -> None:
    stand.client.errors["chat.postEphemeral"] = "not_in_channel"
    await stand.send(click("run-77", "b:old"))
    assert "older version" in stand.client.of("chat.postMessage")[0]["text"]
