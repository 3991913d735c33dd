"""A bot that dies and comes again goes on in Slack where it was; the same over Socket Mode; what doctor says of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.demo_process import DemoProcess, clean_environment, run_cli
from tests.support.eventually import eventually
from tests.support.slack_stand import SlackStand
from tests.support.slack_stand.bot import bot_in, variables
from tests.support.slack_stand.stand import POOR_TOKEN

DEPLOY = "deploy churn v2 as a 10% canary"
Start = Callable[..., DemoProcess]


@pytest.fixture
def start(stand: SlackStand, founded: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a bot in the workspace on a copy of the company."""
    started: list[DemoProcess] = []

    def begin(*, socket: bool = False) -> DemoProcess:
        shutil.copytree(founded, tmp_path / "data")
        started.append(bot_in(stand, tmp_path / "data", socket=socket))
        return started[-1].start()

    yield begin
    for bot in started:
        bot.end()
    stand.serves(None)


def test_a_bot_killed_while_a_plan_waits_takes_the_click_on_the_old_message(stand: SlackStand, start: Start) -> None:
    bot = start()
    channel = stand.channel("killed")
    said = stand.users["erin"].mentions(DEPLOY, channel)
    plan = stand.answer(said, "Must approve")
    bot.crash()

    # what is said while it is down is heard after it is up, as Slack sends it again
    missed = stand.users["ana"].mentions("status demand", channel)
    bot.start()
    stand.answer(missed, "demand: v1 100%")

    # and the old message's button decides, once, on the same message
    assert stand.users["lee"].clicks(plan, "Approve").status == 200
    stand.until(lambda: "approved by lead" in stand.again(plan).words.lower(), "the approval")
    assert len([m for m in stand.thread(channel, said.ts) if "churn" in m.words]) == 1


def test_the_conversation_goes_over_a_socket_too(stand: SlackStand, start: Start) -> None:
    bot = start(socket=True)
    stand.until(lambda: stand.bridge.delivering.sockets, "the socket")
    channel = stand.channel("socket")
    plan = stand.answer(stand.users["erin"].mentions(DEPLOY, channel), "Must approve")
    stand.users["erin"].clicks(plan, "Approve")
    stand.users["erin"].hears("requester cannot approve")
    assert stand.users["lee"].slash("status churn", channel).status == 200
    stand.users["lee"].clicks(plan, "Approve")
    stand.until(lambda: "approved by lead" in stand.again(plan).words.lower(), "the approval")

    # a line that breaks is taken up again
    stand.breaks_sockets()
    stand.until(lambda: stand.bridge.delivering.sockets, "a new socket", patience_s=20)
    stand.answer(stand.users["ana"].mentions("status demand", channel), "demand: v1 100%")
    assert bot.http.post("/slack/events", json={}).status_code in (401, 404, 405)


def test_doctor_says_that_slack_is_well_or_which_scope_is_missing(stand: SlackStand, tmp_path: Path) -> None:
    def doctor(token: str) -> str:
        environment = clean_environment(**variables(stand, token=token), BIZAIOPS_DATA=str(tmp_path / token))
        done = run_cli("doctor", env=environment, timeout_s=120)
        return done.stdout + done.stderr

    well = doctor(stand.bot_token)
    assert "slack" in well.lower() and "users:read.email" not in well, well
    assert "users:read.email" in doctor(POOR_TOKEN)
    assert "invalid_auth" in doctor("xoxb-revoked") or "token" in doctor("xoxb-revoked")


def test_readiness_tells_when_slack_refuses_the_bot(stand: SlackStand, founded: Path, tmp_path: Path) -> None:
    shutil.copytree(founded, tmp_path / "data")
    bot = DemoProcess(tmp_path / "data", settings=variables(stand, token="xoxb-revoked"))
    try:
        bot.start(wait=False)
        eventually(lambda: "invalid_auth" in bot.said() or bot.said().count("Slack"), "words about Slack")
    finally:
        bot.end()
