"""Muting, snoozing and what is muted: what the cards say, and that their buttons are words that work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import Conflict, NotFound
from bizaiops_bot.domain.records import Alert
from playbooks.list_alerts import list_alerts
from playbooks.list_mutes import list_mutes
from playbooks.mute_alerts import mute_alerts
from playbooks.show_alert import show_alert
from playbooks.show_status import show_status
from playbooks.snooze_alert import snooze_alert
from playbooks.unmute_alerts import unmute_alerts
from tests.support.fake_company import START, Company
from tests.support.router_company import does
from tests.support.run_double import RunDouble, play
from tests.support.talk import words_of

FRIDAY = {"at": "2026-11-27T17:00:00+00:00", "label": "until friday 17:00"}


def an_alert(**given: Any) -> Alert:
    values = {
        "id": 5,
        "model": "churn",
        "kind": "errors_detected",
        "title": "churn v1: error rate 5%",
        "detail": {},
        "onset": START - timedelta(minutes=2),
        "detected": START,
        "closed": None,
        "run": None,
    }
    return Alert.model_validate({**values, **given})


def commands(card: Card) -> list[str]:
    return [button.command for button in card.buttons]


async def test_muting_says_until_when_and_plainly_what_it_hides() -> None:
    world = Company(alerts=[an_alert()])
    card = await play(mute_alerts, RunDouble(world), model="churn", until=FRIDAY)
    assert card.summary == "churn alerts are muted until Fri 27 Nov 17:00 (UTC)."
    assert "It hides every churn alert, failing and slow requests too" in words_of(card)
    assert "Open now: churn v1: error rate 5%." in words_of(card)
    assert "rules act, and `alerts` lists them as always" in words_of(card)
    assert does(commands(card)[0]) == ("unmute_alerts", {"model": "churn"})


async def test_without_an_end_muting_is_for_eight_hours() -> None:
    world = Company()
    await play(mute_alerts, RunDouble(world), model="churn")
    assert world.mutes[0].until == START + timedelta(hours=8)


async def test_an_unknown_model_is_not_muted() -> None:
    world = Company()
    with pytest.raises(NotFound, match="chrun"):
        await play(mute_alerts, RunDouble(world), model="chrun")
    assert world.mutes == []


async def test_snoozing_names_the_alert_and_its_button_ends_it() -> None:
    world = Company(alerts=[an_alert()])
    card = await play(snooze_alert, RunDouble(world), alert=5, until=FRIDAY)
    assert card.summary == "Alert 5 of churn is snoozed until Fri 27 Nov 17:00 (UTC)."
    assert does(commands(card)[0]) == ("unmute_alerts", {"alert": 5})
    ended = await play(unmute_alerts, RunDouble(world), alert=5)
    assert "News of alert 5 are told again" in ended.summary and world.mutes == []
    with pytest.raises(Conflict):
        await play(unmute_alerts, RunDouble(world), alert=5)


async def test_what_is_muted_is_listed_with_who_asked_and_how_it_ends() -> None:
    world = Company(alerts=[an_alert()])
    assert (await play(list_mutes, RunDouble(world))).summary == "Nothing is muted: every alert is told."
    await play(mute_alerts, RunDouble(world), model="churn", until=FRIDAY)
    await play(snooze_alert, RunDouble(world), alert=5)
    card = await play(list_mutes, RunDouble(world))
    assert card.title == "Muted: churn alerts, alert 5"
    assert "churn alerts until Fri 27 Nov 17:00 (UTC), by engineer" in card.summary
    assert [does(command) for command in commands(card)[:2]] == [
        ("unmute_alerts", {"model": "churn"}),
        ("unmute_alerts", {"alert": 5}),
    ]


async def test_the_list_of_alerts_and_the_status_say_what_is_muted() -> None:
    world = Company(alerts=[an_alert()])
    await play(mute_alerts, RunDouble(world), model="churn", until=FRIDAY)
    for card in (await play(list_alerts, RunDouble(world)), await play(show_status, RunDouble(world), model="churn")):
        assert "churn alerts until Fri 27 Nov 17:00 (UTC), by engineer" in words_of(card)
    assert "uted" not in words_of(await play(show_status, RunDouble(world), model="demand"))


async def test_one_alert_is_shown_with_its_state_and_can_be_snoozed_from_there() -> None:
    world = Company(alerts=[an_alert(run=3)])
    card = await play(show_alert, RunDouble(world), alert=5)
    assert card.title.startswith("Alert 5 of churn: open for") and "Run: 3" in words_of(card)
    assert [does(command) for command in commands(card)[2:]] == [
        ("snooze_alert", {"alert": 5, "until": "for 1 hour"}),
        ("mute_alerts", {"model": "churn"}),
    ]
    await play(snooze_alert, RunDouble(world), alert=5)
    snoozed = await play(show_alert, RunDouble(world), alert=5)
    assert "Muted: alert 5 until" in words_of(snoozed) and commands(snoozed)[-1] == "unmute alert 5"


async def test_an_alert_that_is_over_cannot_be_snoozed_from_its_card() -> None:
    world = Company(alerts=[an_alert(closed=START)])
    card = await play(show_alert, RunDouble(world), alert=5)
    assert "over since" in card.title and commands(card) == ["status churn"]


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("snooze alert 5 for 1 hour", ("snooze_alert", {"alert": 5, "until": "for 1 hour"})),
        ("mute churn alerts until tomorrow 8:00", ("mute_alerts", {"model": "churn", "until": "until tomorrow 8:00"})),
        ("mute churn", ("mute_alerts", {"model": "churn"})),
        ("silence the alerts of demand for 2 days", ("mute_alerts", {"model": "demand", "until": "for 2 days"})),
        ("unmute churn alerts", ("unmute_alerts", {"model": "churn"})),
        ("unmute alert 5", ("unmute_alerts", {"alert": 5})),
        ("what is muted?", ("list_mutes", {})),
        ("show alert 5", ("show_alert", {"alert": 5})),
        ("alerts of churn", ("list_alerts", {"model": "churn"})),
        ("pause churn", ("pause_model", {"model": "churn"})),
        ("stop schedule 3", ("stop_schedule", {"schedule": 3})),
    ],
)
def test_what_people_say_of_alerts_is_understood(said: str, order: tuple[str, dict[str, Any]]) -> None:
    assert does(said) == order
