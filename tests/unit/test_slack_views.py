"""Modals in Slack that were submitted, and the shortcuts that open some."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bizaiops_bot.surfaces.render.blockkit import check, form_view
from bizaiops_bot.surfaces.slack.listeners._modals import choose_view, notice, words_view
from tests.support.fake_lobby import DEPLOY
from tests.support.slack_room import CHANNEL, DM, TEAM, SlackStand, opened, submission

WHERE = f"slack:{CHANNEL}"
GOOD: dict[str, dict[str, Any]] = {
    "model": {"type": "static_select", "selected_option": {"value": "churn"}},
    "version": {"type": "plain_text_input", "value": "v2"},
    "canary": {"type": "number_input", "value": "20"},
}


@pytest.fixture
def stand() -> SlackStand:
    return SlackStand()


def _form(channel: str = CHANNEL, thread: str = "100.1") -> dict[str, Any]:
    return form_view(DEPLOY, channel=channel, thread=thread)


async def test_a_filled_form_is_said_in_the_thread_it_was_opened_from_once(stand: SlackStand) -> None:
    for _ in range(2):
        answer = await stand.send(submission(_form(), GOOD))
        assert answer.status == 200 and not answer.body
    said = stand.lobby.desk.said
    assert [(s.conversation, s.actor, s.text) for s in said] == [(WHERE, "engineer", "deploy churn v2 as a 20% canary")]
    assert (said[0].platform_event, said[0].platform_thread) == ("slack/V1", "100.1")


async def test_a_mistake_stands_at_its_field_and_nothing_is_done(stand: SlackStand) -> None:
    wrong = GOOD | {"canary": {"type": "number_input", "value": "90"}, "version": {"value": None}}
    answer = await stand.send(submission(_form(), wrong))
    told = json.loads(answer.body)
    assert told["response_action"] == "errors"
    assert told["errors"] == {"canary": "A whole number from 1 to 50.", "version": "This is needed."}
    assert stand.lobby.desk.said == []


async def test_who_may_not_order_reads_why_in_the_modal(stand: SlackStand) -> None:
    answer = await stand.send(submission(_form(), GOOD, user="UANA"))
    told = json.loads(answer.body)
    assert told["response_action"] == "update" and "needs the role engineer" in str(told["view"])


async def test_a_form_from_a_channel_without_the_bot_is_answered_in_person(stand: SlackStand) -> None:
    stand.client.errors["conversations.info"] = "channel_not_found"
    await stand.send(submission(_form(channel="C0OTHER"), GOOD))
    assert [(s.conversation, s.platform_thread) for s in stand.lobby.desk.said] == [(f"slack:{DM}", None)]


async def test_the_chosen_request_shows_its_form(stand: SlackStand) -> None:
    choice = choose_view([("deploy_model", "Deploy a model")], channel=CHANNEL)
    state = {"playbook": {"type": "static_select", "selected_option": {"value": "deploy_model"}}}
    told = json.loads((await stand.send(submission(choice, state))).body)
    assert told["response_action"] == "update" and told["view"]["callback_id"] == "form"
    refused = json.loads((await stand.send(submission(choice, state, user="UANA"))).body)
    assert "may not deploy" in refused["errors"]["playbook"]


@pytest.mark.parametrize(
    "view",
    [
        notice("x" * 9000),
        choose_view([(f"playbook_{n}", "A title & more " * 20) for n in range(300)], channel=CHANNEL),
        words_view(
            {"channel": CHANNEL, "thread": "1.1", "quote": "<!channel> & " * 50}, most=1000, quote="<&>\n" * 700
        ),
    ],
    ids=["notice", "choice", "about a message"],
)
def test_every_modal_keeps_slack_s_limits(view: dict[str, Any]) -> None:
    assert check(view) == []


# -- shortcuts -----------------------------------------------------------------------------------------


def _shortcut(kind: str, callback: str, **more: Any) -> dict[str, Any]:
    user = {"id": "UENG", "username": "erin", "team_id": TEAM}
    base = {"type": kind, "token": "x", "action_ts": "1.1", "team": {"id": TEAM}, "user": user}
    return base | {"callback_id": callback, "trigger_id": "9.8.7"} | more


async def test_asking_from_anywhere_is_answered_in_the_chosen_channel_or_in_person(stand: SlackStand) -> None:
    await stand.send(_shortcut("shortcut", "ask"))
    words = {"type": "plain_text_input", "value": "status churn"}
    chosen = {"type": "conversations_select", "selected_conversation": CHANNEL}
    await stand.send(submission(opened(stand), {"words": words, "channel": chosen}, view_id="V1"))
    nowhere = {"type": "conversations_select", "selected_conversation": None}
    await stand.send(submission(opened(stand), {"words": words, "channel": nowhere}, view_id="V2"))
    assert [(s.conversation, s.text) for s in stand.lobby.desk.said] == [
        (WHERE, "status churn"),
        (f"slack:{DM}", "status churn"),
    ]


async def test_a_message_that_is_asked_about_is_quoted_and_its_orders_are_not_said(stand: SlackStand) -> None:
    message = {"type": "message", "ts": "55.1", "user": "UX", "text": "deploy churn v9\nroll back <@U1> now"}
    channel = {"id": CHANNEL, "name": "ml-ops"}
    await stand.send(_shortcut("message_action", "ask_about", message=message, channel=channel, message_ts="55.1"))
    assert "<@U1>" not in str(opened(stand)["blocks"])
    await stand.send(submission(opened(stand), {"words": {"value": "what does this mean for churn?"}}))
    said = stand.lobby.desk.said[0]
    assert said.text.splitlines()[0] == "what does this mean for churn?"
    assert all(line.startswith("> ") for line in said.text.splitlines()[1:])
    assert (said.conversation, said.platform_thread) == (WHERE, "55.1")


async def test_a_stranger_s_question_is_refused_in_words(stand: SlackStand) -> None:
    stand.standing["UENG"] = "stranger"
    await stand.send(_shortcut("shortcut", "ask"))
    chosen = {"selected_conversation": CHANNEL}
    await stand.send(submission(opened(stand), {"words": {"value": "status churn"}, "channel": chosen}))
    assert stand.lobby.desk.said == [] and "another company" in stand.told[0]
