"""Slack sends twice, answers late and refuses: nothing is lost, nothing is done twice, nothing takes three seconds."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.demo_process import DemoProcess
from tests.support.slack_stand import SlackStand, events, workspace
from tests.support.slack_stand.delivery import signed
from tests.support.slack_stand.limits import JSON

JSON_TYPE = {"Content-Type": "application/json"}
pytestmark = pytest.mark.usefixtures("bot")


def mention(stand: SlackStand, channel: str, text: str) -> JSON:
    """An envelope as Slack sends it, of a message that stands in the channel where the bot was not told of it."""
    said = stand.upstream(
        "chat.postMessage", {"channel": channel, "text": "said before"}, stand.users["ana"].member.token
    )
    event = {"type": "app_mention", "user": stand.users["ana"].id, "channel": channel, "ts": said["ts"]}
    event |= {"event_ts": said["ts"], "text": f"<@{workspace.BOT_USER}> {text}", "team": workspace.TEAM}
    return events.envelope(event)


def answers(stand: SlackStand, envelope: JSON) -> list[str]:
    """The cards in its thread; a chart with gaps also brings a picture."""
    event = envelope["event"]
    return [m.words for m in stand.thread(event["channel"], event["ts"]) if not m.raw.get("files")]


def test_an_event_that_comes_five_times_is_answered_once(stand: SlackStand, bot: DemoProcess) -> None:
    channel = stand.channel("retried")
    first = mention(stand, channel, "status churn")
    for number in range(5):
        again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"} if number else {}
        assert stand.deliver("event", first, again).status == 200
    later = mention(stand, channel, "status demand")
    assert stand.deliver("event", later).status == 200
    stand.until(lambda: answers(stand, later), "the later answer")
    assert len(answers(stand, first)) == 1
    told = [m["text"] for m in bot.get(f"/api/conversations/slack:{channel}/messages", limit=100)]
    assert len(told) == 2


def test_a_signed_request_sent_again_as_it_is_changes_nothing(stand: SlackStand) -> None:
    channel = stand.channel("replayed")
    first = mention(stand, channel, "status churn")
    body = json.dumps(first)
    headers = {**signed(body), **JSON_TYPE}
    assert [stand.post(body, headers)[0] for _ in range(3)] == [200, 200, 200]
    later = mention(stand, channel, "status demand")
    stand.deliver("event", later)
    stand.until(lambda: answers(stand, later), "the later answer")
    assert len(answers(stand, first)) == 1


def test_a_click_sent_again_as_it_is_decides_once(stand: SlackStand, bot: DemoProcess) -> None:
    said = stand.users["erin"].mentions("deploy demand v2 as a 10% canary", stand.channel("clicked"))
    plan = stand.answer(said, "Must approve")
    payload = stand.users["lee"].click(plan, plan.button("Approve"))
    for _ in range(3):
        assert stand.deliver("interactive", payload).status == 200
    stand.until(lambda: "approved by lead" in stand.again(plan).words.lower(), "the approval")
    decided = [e for e in bot.audit() if e["kind"] == "decision" and e["actor"] == "lead"]
    assert len(decided) == 1, decided


@pytest.mark.parametrize("age_s", [0, 600])
def test_a_wrong_signature_and_an_old_one_are_refused(stand: SlackStand, age_s: int) -> None:
    channel = stand.channel("unsigned")
    body = json.dumps(mention(stand, channel, "status churn"))
    headers = signed(body, at=time.time() - age_s)
    if not age_s:
        headers["X-Slack-Signature"] = "v0=" + "0" * 64
    status, told = stand.post(body, {**headers, **JSON_TYPE})
    assert status == 401
    if age_s:
        assert "clock" in told.lower() or "minutes" in told.lower(), told
    assert stand.post(body, JSON_TYPE)[0] == 401


def test_a_busy_slack_is_waited_for_and_nothing_is_lost_or_doubled(stand: SlackStand) -> None:
    channel = stand.channel("busy")
    fault = stand.fault("chat.postMessage", "ratelimited", amount=2, channel=channel)
    said = stand.users["ana"].mentions("status churn", channel)
    stand.answer(said, "churn: v1 100%")
    calls = [c for c in stand.records.calls if c.method == "chat.postMessage" and c.args["channel"] == channel]
    told = [c for c in calls if c.token == workspace.BOT_TOKEN]
    assert fault.times == 0 and [c.error for c in told] == ["429", ""]
    assert told[1].at - told[0].at >= 2


@pytest.mark.parametrize("kind", ["down", "lost"])
def test_a_post_of_unknown_outcome_is_looked_for_before_it_is_posted_again(stand: SlackStand, kind: str) -> None:
    channel = stand.channel("unknown")
    stand.fault("chat.postMessage", kind, channel=channel)
    said = stand.users["ana"].mentions("status churn", channel)
    stand.answer(said, "churn: v1 100%")
    later = stand.users["ana"].mentions("status demand", channel)
    stand.answer(later, "demand:")
    assert len(stand.thread(channel, said.ts)) == 1


def test_what_slack_refuses_is_said_in_a_simpler_way_once(stand: SlackStand) -> None:
    channel = stand.channel("simpler")
    stand.fault("chat.postMessage", "error", name="invalid_blocks", channel=channel)
    said = stand.users["ana"].mentions("status churn", channel)
    stand.answer(said, "churn: v1 100%")
    posts = [c.error for c in stand.records.calls if c.method == "chat.postMessage" and c.args["channel"] == channel]
    assert posts.count("invalid_blocks") == 1 and posts.count("") == 1


def test_nothing_that_slack_sent_took_three_seconds(stand: SlackStand) -> None:
    """Of all that was sent in this module."""
    stand.deliver("event", mention(stand, stand.channel("last"), "help"))
    slow = [(d.kind, d.seconds) for d in stand.records.deliveries if d.status == 200 and d.seconds > 3]
    assert not slow
