"""The Home tab in Slack."""

from __future__ import annotations

from typing import Any

import pytest

from bizaiops_bot.surfaces.slack.listeners._asked import Asked
from bizaiops_bot.surfaces.slack.listeners.home import EVERY_S, LOOKED_AT_S, Home
from tests.support.sample_cards import run_card, verdict_card
from tests.support.slack_room import DM, TEAM, SlackStand, click, event


@pytest.fixture
def stand() -> SlackStand:
    return SlackStand()


def _opened(user: str = "UENG", tab: str = "home") -> dict[str, Any]:
    return event({"type": "app_home_opened", "user": user, "channel": DM, "tab": tab, "event_ts": "1.1"})


async def test_the_page_shows_what_waits_for_the_person(stand: SlackStand) -> None:
    await stand.send(_opened())
    page = stand.client.of("views.publish")[0]
    assert page["user_id"] == "UENG" and page["view"]["type"] == "home"
    assert "One change waits for you" in str(page["view"])


async def test_who_is_refused_reads_why_and_what_to_do(stand: SlackStand) -> None:
    await stand.send(_opened("UX"))
    view = str(stand.client.of("views.publish")[0]["view"])
    assert "do not know you" in view and "Ask an admin" in view and "waits for you" not in view


async def test_a_button_is_said_in_person_once_and_the_page_tells_where_the_answer_is(stand: SlackStand) -> None:
    press = click("show run 3", "say:0") | {"channel": None, "message": None}
    await stand.send(press)
    await stand.send(press)
    assert [(s.conversation, s.text) for s in stand.lobby.desk.said] == [(f"slack:{DM}", "show run 3")]
    assert "Messages tab" in str(stand.client.of("views.publish")[0]["view"])


async def test_a_page_that_slack_refuses_breaks_nothing(stand: SlackStand) -> None:
    stand.client.errors["views.publish"] = "hash_conflict"
    assert (await stand.send(_opened())).status == 200


async def test_a_page_that_is_looked_at_follows_the_runs_and_is_not_drawn_at_each_of_their_steps(
    stand: SlackStand,
) -> None:
    time, slept = [1000.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += seconds

    home = Home(lambda: stand.room, lambda: time[0], sleep)
    await home.opened(Asked("UENG", TEAM))
    run = await stand.lobby.desk.answer("slack:C1", run_card())
    for _ in range(5):
        home.heard(run)
    await stand.until(lambda: len(stand.client.of("views.publish")) == 2)
    assert slept == [EVERY_S]
    time[0] += LOOKED_AT_S + 1
    home.heard(await stand.lobby.desk.answer("slack:C1", verdict_card()))
    home.heard(run)
    assert slept == [EVERY_S] and len(stand.client.of("views.publish")) == 2
