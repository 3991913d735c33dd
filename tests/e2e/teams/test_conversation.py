"""The conversation in Teams: a release from the sentence to the traffic, by people with different rights."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.support.demo_process import DemoProcess
from tests.support.eventually import eventually
from tests.support.teams_stand import TeamsStand
from tests.support.teams_stand.company import CHANNEL, GROUP, PERSONAL

DEPLOY = "deploy churn v2 as a 10% canary"


def test_a_person_who_adds_the_bot_is_greeted_with_things_to_say(stand: TeamsStand) -> None:
    stand.installs()
    hello = stand.shown("Hello Erin")
    assert len(hello.labels) == 5


def test_a_release_is_planned_refused_to_its_requester_approved_by_another_and_shown_on_one_card(
    bot: DemoProcess, stand: TeamsStand
) -> None:
    plan = stand.asks(DEPLOY, "Must approve", "v1 90%, v2 10%", conversation=GROUP)
    assert {"Approve…", "Reject…"} <= set(plan.labels)

    own = stand.clicks(plan, "Approve", by="engineer")
    assert own.status == 200 and "requester" in own.told

    stranger = stand.clicks(plan, "Approve", by="Zoe")
    assert stranger.status == 200 and stranger.told and "approved" not in stranger.told.lower()

    agreed = stand.clicks(plan, "Approve", by="lead", again="click-1")
    assert "approved" in agreed.told.lower()
    eventually(lambda: "approved by lead" in plan.words.lower(), "the card changed for everybody", patience_s=60)
    assert plan.edits and "Approve…" not in plan.labels
    eventually(lambda: bot.weights("churn") == {"v1": 90, "v2": 10}, "the traffic", patience_s=60)


def test_a_click_that_teams_sends_twice_decides_once_and_is_answered_alike(stand: TeamsStand) -> None:
    plan = stand.asks("deploy demand v2 as a 10% canary", "Must approve", conversation=GROUP)
    data = dict(plan.card)
    first = stand.clicks(plan, "Reject", by="lead", reason="not before the holidays", again="reject-1")
    eventually(lambda: "not before the holidays" in plan.words, "the reason on the card", patience_s=60)
    plan.content = {"attachments": [{"content": data}]}  # an old screen still has the buttons
    again = stand.clicks(plan, "Reject", by="lead", reason="not before the holidays", again="reject-1")
    assert again.told == first.told
    late = stand.clicks(plan, "Approve", by="sre")
    assert "rejected" in late.told.lower()


def test_a_form_tells_what_is_wrong_at_its_field_and_then_gives_the_order(stand: TeamsStand) -> None:
    question = stand.asks("deploy demand", "?", conversation=GROUP)
    dialog = stand.opens(question, "Fill in a form", by="engineer")
    assert dialog.body["task"]["type"] == "continue", dialog.body

    wrong = stand.fills(dialog, {"version": "v99", "model": "demand"}, by="engineer", conversation=GROUP)
    assert wrong.body["task"]["type"] == "continue", wrong.body
    assert "v99" in str(wrong.body["task"]["value"]["card"])

    before = len(stand.messages)
    right = stand.fills(wrong, {"version": "v2", "model": "demand"}, by="engineer", conversation=GROUP)
    assert right.body["task"]["type"] == "message", right.body
    plan = stand.shown("Must approve", "demand", conversation=GROUP, after=before)
    assert "rejected" in stand.clicks(plan, "Reject", by="lead").told.lower()


def test_a_mention_in_a_channel_is_answered_in_its_thread(stand: TeamsStand) -> None:
    before = len(stand.messages)
    root = stand.says("status&nbsp;churn", conversation=CHANNEL)
    answer = stand.shown("churn", conversation=CHANNEL, after=before)
    assert answer.conversation == f"{CHANNEL};messageid={root}"

    follow = stand.asks("and demand?", "demand", conversation=CHANNEL, root=root)
    assert follow.conversation == answer.conversation


def test_people_whom_the_bot_does_not_know_and_guests_are_refused_in_words(stand: TeamsStand) -> None:
    unknown = stand.asks(DEPLOY, "I do not know you", by="Zoe", conversation=GROUP)
    assert not unknown.card
    guest = stand.asks(DEPLOY, "guest", by="guest", conversation=GROUP)
    assert not guest.card


def test_an_alert_comes_by_itself_into_the_conversation_that_spoke_of_the_model(
    bot: DemoProcess, stand: TeamsStand
) -> None:
    stand.asks("status demand", "demand", conversation=PERSONAL)
    before = len(stand.messages)
    bot.says("inject latency into demand", by="sre")
    stand.shown("Slow answers in demand", "limit 150 ms", conversation=PERSONAL, after=before)


def test_a_bot_killed_while_a_plan_waits_takes_the_click_on_the_old_card(bot: DemoProcess, stand: TeamsStand) -> None:
    plan = stand.asks("scale demand to 3 replicas", "Must approve", conversation=CHANNEL)
    # Killed sooner, the bot would not know whether Teams took the card: it would say so at home, and edit it no more.
    eventually(lambda: not _on_their_way(bot), "every card noted as posted")
    bot.crash()
    bot.start()
    agreed = stand.clicks(plan, "Approve", by="lead")
    assert "approved" in agreed.told.lower()
    eventually(lambda: "approved by lead" in plan.words.lower(), "the old card changed", patience_s=60)


def _on_their_way(bot: DemoProcess) -> int:
    """Cards of which the bot has not noted yet that Teams took them."""
    with closing(sqlite3.connect(f"file:{bot.folder / 'bizaiops.sqlite'}?mode=ro", uri=True)) as store:
        query = "SELECT count(*) FROM deliveries WHERE sending != 0 AND platform = 'teams:'"
        return int(store.execute(query).fetchone()[0])
