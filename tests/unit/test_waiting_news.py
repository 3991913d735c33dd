"""News go where the rules say, wait for the end of quiet hours and mutes, and come once whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.engine.audit import trail
from bizaiops_bot.playbook import Card, Inputs, Run, playbook
from tests.support.news_room import NIGHT, OFFICE, NewsRoom
from tests.support.small_engine import START
from tests.support.virtual_clock import VirtualClock

ALL_TO_OFFICE = {"rules": [{"what": "alert", "to": [OFFICE]}]}
AT_NIGHT = {**ALL_TO_OFFICE, "quiet": [NIGHT]}
Open = Callable[..., Awaitable[NewsRoom]]


@playbook(title="Release", risk="change")
async def deploy_model(run: Run, ask: Inputs) -> Card:
    await run.approve("Go?", escalate={"2h": "approver"}, expires="24h")
    return Card(title="done")


@pytest.fixture
async def open_room(tmp_path: Path) -> AsyncIterator[Open]:
    rooms: list[NewsRoom] = []

    async def make(notices: dict[str, Any]) -> NewsRoom:
        room = await NewsRoom.open(tmp_path / "data", VirtualClock(START), notices, [deploy_model])
        rooms.append(room)
        return room

    yield make
    for room in rooms:
        if not room.core.store._closed:
            await room.close()


# -- where -----------------------------------------------------------------------------------------


async def test_an_alert_goes_home_to_the_rules_places_and_to_followers_and_is_edited_in_all(open_room: Open) -> None:
    room = await open_room({"rules": [{"what": "alert", "at_least": "danger", "to": ["slack:#ml-ops"]}]})
    await room.joins(OFFICE, "#ml-ops")
    await room.follows("sales")
    await room.goes_wrong("errors_detected")
    await room.goes_wrong("drift_detected")  # too mild for the rule
    assert await room.titles(OFFICE) == ["Errors in churn"]
    for place in ("ml-ops", "sales"):
        assert sorted(await room.titles(place)) == ["Drift in churn", "Errors in churn"]
    await room.calms("errors_detected")
    assert await room.titles(OFFICE) == ["Errors in churn: over"]
    assert len(await room.cards("ml-ops")) == len(await room.cards("sales")) == 2


async def test_home_is_told_once_of_a_channel_the_bot_is_not_in_and_that_it_is_in_it_now(open_room: Open) -> None:
    room = await open_room({"rules": [{"what": "alert", "to": ["slack:#ml-ops"]}]})
    await room.goes_wrong("errors_detected")
    await room.goes_wrong("drift_detected")
    missing = [c for c in await room.cards("ml-ops") if c.card.title.startswith("slack:#ml-ops")]
    assert [card.card.title for card in missing] == ["slack:#ml-ops is not a channel the bot is in"]
    assert "Invite the bot to it" in missing[0].card.summary
    assert len(await room.cards("ml-ops")) == 3  # both alerts are there
    await room.joins(OFFICE, "#ml-ops")
    await room.goes_wrong("latency_detected")
    assert "slack:#ml-ops is found: news go there" in await room.titles("ml-ops")
    assert "Slow answers in churn" in await room.titles(OFFICE)


async def test_news_for_the_owner_go_into_the_owners_own_conversation_on_whichever_platform(open_room: Open) -> None:
    room = await open_room({"rules": [{"what": "alert", "to": ["owner"]}], "owners": {"churn": "lead"}})
    await room.joins("teams:abc", "@lead")
    await room.goes_wrong("errors_detected", "churn")
    await room.goes_wrong("errors_detected", "demand")
    assert await room.titles("teams:abc") == ["Errors in churn"]


async def test_a_run_that_waits_is_shown_where_the_rules_want_approvals_and_decided_there(open_room: Open) -> None:
    room = await open_room({"rules": [{"what": "approval", "to": [OFFICE, "ml-ops"]}]})
    number = await room.engine.begin()
    (copy,) = await room.cards(OFFICE)
    assert "Approve" in [button.label for button in copy.buttons]
    assert len(await room.cards("ml-ops")) == 1  # asked there: no second card
    await room.clock.advance(2 * 3600)
    reminders = {c: [x for x in await room.cards(c) if x.id.startswith("escalation")] for c in (OFFICE, "ml-ops")}
    assert [len(found) for found in reminders.values()] == [1, 1]
    assert reminders[OFFICE][0].thread == copy.thread
    await room.controls.decide_words(number, "approved", actor="lead")
    await room.engine.finished(number)
    for conversation in (OFFICE, "ml-ops"):
        card = next(c for c in await room.cards(conversation) if c.card.run_id == number)
        assert card.buttons == () and "done" in card.card.title


# -- quiet hours -----------------------------------------------------------------------------------


async def test_what_can_wait_is_told_in_the_morning_on_one_card_and_home_hears_at_once(open_room: Open) -> None:
    room = await open_room(AT_NIGHT)
    await room.at(23)
    await room.goes_wrong("drift_detected", "churn")
    await room.goes_wrong("drift_detected", "demand")
    await room.calms("drift_detected", "demand")
    assert await room.cards(OFFICE) == [] and len(await room.cards("ml-ops")) == 2
    await room.at(30.99)
    assert await room.cards(OFFICE) == []
    await room.at(31)
    (card,) = await room.cards(OFFICE)
    assert card.card.title == "While it was quiet: 2 alerts, 1 over already"
    assert [b.command for b in card.card.buttons] == ["show alert 1", "show alert 2", "list alerts"]


async def test_the_morning_card_is_edited_when_what_it_tells_of_is_over(open_room: Open) -> None:
    room = await open_room(AT_NIGHT)
    await room.at(23)
    await room.goes_wrong("drift_detected", "churn")
    await room.goes_wrong("drift_detected", "demand")
    await room.at(31)
    assert await room.titles() == ["While it was quiet: 2 alerts, all still open"]
    await room.calms("drift_detected", "churn")
    assert await room.titles() == ["While it was quiet: 2 alerts, 1 over already"]


async def test_one_alert_that_is_open_in_the_morning_comes_as_its_own_card(open_room: Open) -> None:
    room = await open_room(AT_NIGHT)
    await room.at(23)
    await room.goes_wrong("drift_detected")
    await room.at(31)
    assert await room.titles() == ["Drift in churn"]
    await room.calms("drift_detected")
    assert await room.titles() == ["Drift in churn: over"]


async def test_danger_does_not_wait_and_edits_of_what_is_told_do_not_either(open_room: Open) -> None:
    room = await open_room(AT_NIGHT)
    await room.at(21)
    await room.goes_wrong("drift_detected")
    await room.at(23)
    await room.goes_wrong("errors_detected")
    await room.calms("drift_detected")
    assert await room.titles() == ["Drift in churn: over", "Errors in churn"]
    await room.at(31)
    assert len(await room.cards()) == 2


@pytest.mark.parametrize("down", [timedelta(hours=1), timedelta(hours=12)])
async def test_what_waits_survives_a_restart_and_is_told_once(open_room: Open, down: timedelta) -> None:
    room = await open_room(AT_NIGHT)
    await room.at(23)
    await room.goes_wrong("drift_detected", "churn")
    await room.goes_wrong("drift_detected", "demand")
    room = await room.reopened(later=down)
    await room.at(36)
    assert await room.titles() == ["While it was quiet: 2 alerts, all still open"]
    room = await room.reopened()
    await room.looks()
    assert len(await room.cards()) == 1
    await room.close()


async def test_an_approval_that_a_person_asks_for_does_not_wait(open_room: Open) -> None:
    room = await open_room(
        {"rules": [{"what": "approval", "to": [OFFICE]}], "quiet": [{**NIGHT, "let_through": "nothing"}]}
    )
    await room.at(23)
    await room.engine.begin()
    assert len(await room.cards(OFFICE)) == 1


# -- mute and snooze -------------------------------------------------------------------------------


async def test_while_a_model_is_muted_nothing_new_is_posted_but_at_home(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    made = await room.controls.mute("churn", actor="lead", conversation="sales", until=None)
    assert made.until - made.at == timedelta(hours=8)
    await room.goes_wrong("errors_detected", "churn")
    await room.goes_wrong("errors_detected", "demand")
    await room.calms("errors_detected", "churn")
    assert await room.titles() == ["Errors in demand"]
    home = await room.titles("ml-ops")
    assert home[0].startswith("Churn alerts: no news until Wed 4 Mar 16:00 (UTC), by lead")
    assert "Errors in churn: over" in home
    await room.at(16)
    assert await room.titles() == ["Errors in demand", "While they were muted: 1 alert, over already"]
    assert (await room.titles("ml-ops"))[0] == "Churn alerts: news are told again"


async def test_a_snoozed_alert_says_so_on_its_cards_and_is_told_again_when_the_snooze_ends(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    await room.goes_wrong("errors_detected")
    until = START + timedelta(hours=1)
    await room.controls.snooze(1, actor="lead", conversation=OFFICE, until=until)
    await room.clock.rest()
    (card,) = await room.cards()
    assert "**Snoozed** until Wed 4 Mar 09:00 (UTC) by lead" in str(card.card.blocks)
    assert "End the snooze" in [button.label for button in card.buttons]
    await room.looks()
    await room.at(9)
    for conversation in (OFFICE, "ml-ops"):
        assert await room.titles(conversation) == [
            "Errors in churn",
            "Alert 1 of churn is still open after 60 min",
        ]
    (first, _) = await room.cards()
    assert "Snoozed" not in str(first.card.blocks) and "Snooze 1 h" in [button.label for button in first.buttons]
    room = await room.reopened()
    await room.looks()
    assert len(await room.cards()) == len(await room.cards("ml-ops")) == 2
    await room.close()


async def test_a_snoozed_alert_that_is_over_is_not_told_again(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    await room.goes_wrong("errors_detected")
    await room.controls.snooze(1, actor="lead", conversation=OFFICE, until=START + timedelta(hours=1))
    await room.calms("errors_detected")
    await room.at(10)
    assert await room.titles() == ["Errors in churn: over"]
    with pytest.raises(Conflict, match="Alert 1 is over since 4 Mar 08:01 UTC"):
        await room.controls.snooze(1, actor="lead", conversation=OFFICE)


async def test_a_snooze_that_ends_in_quiet_hours_is_told_in_the_morning(open_room: Open) -> None:
    room = await open_room(AT_NIGHT)
    await room.at(21)
    await room.goes_wrong("drift_detected")
    await room.controls.snooze(1, actor="lead", conversation=OFFICE, until=START.replace(hour=23))
    await room.at(24)
    assert await room.titles() == ["Drift in churn"]
    await room.at(31)
    assert await room.titles() == ["Drift in churn", "While it was quiet: 1 alert, still open"]


async def test_what_is_unmuted_by_hand_is_told_at_once_and_reminds_nobody(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    await room.goes_wrong("drift_detected")
    await room.controls.mute("churn", actor="lead", conversation="ml-ops", until=START + timedelta(days=2))
    await room.goes_wrong("errors_detected")
    assert await room.titles() == ["Drift in churn"]
    assert [m.what for m in await room.controls.unmute("churn", None, actor="lead")] == ["churn alerts"]
    await room.clock.rest()
    assert await room.titles() == ["Drift in churn", "Errors in churn"]


async def test_a_mute_gets_a_new_end_instead_of_a_second_row_and_never_more_than_30_days(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    first = await room.controls.mute("churn", actor="lead", conversation="ml-ops")
    longer = await room.controls.mute("churn", actor="sre", conversation="ml-ops", until=START + timedelta(days=30))
    assert longer.id == first.id
    with pytest.raises(BadInput, match="At most 30 days"):
        await room.controls.mute("churn", actor="lead", conversation="ml-ops", until=START + timedelta(days=31))
    with pytest.raises(BadInput, match="has passed"):
        await room.controls.mute("churn", actor="lead", conversation="ml-ops", until=START)
    assert [m.until for m in await room.core.ports.records.mutes()] == [START + timedelta(days=30)]


async def test_ending_what_does_not_hold_and_snoozing_what_is_not_there_say_so(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    with pytest.raises(Conflict, match="No churn alert is muted"):
        await room.controls.unmute("churn", None, actor="lead")
    with pytest.raises(NotFound, match="alert"):
        await room.controls.snooze(9, actor="lead", conversation=OFFICE)


async def test_who_muted_what_and_ended_it_is_in_the_audit(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    await room.controls.mute("churn", actor="lead", conversation="ml-ops")
    await room.controls.unmute(None, None, actor="engineer")
    entries = await room.core.store.read(lambda conn: trail.read(conn, limit=10, subject="churn alerts"))
    assert [(e.actor, e.kind) for e in entries] == [("engineer", "unmute"), ("lead", "mute")]


# -- repeats ---------------------------------------------------------------------------------------


async def test_an_alert_that_comes_and_goes_edits_its_first_card_and_counts(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    for _ in range(3):
        await room.goes_wrong("errors_detected")
        await room.calms("errors_detected")
        await room.minutes(3)
    await room.goes_wrong("errors_detected")
    for conversation in (OFFICE, "ml-ops"):
        (card,) = await room.cards(conversation)
        assert card.card.title == "Errors in churn, 4th time in 15 min"
        assert "4th time in 15 min, last at 08:15 UTC" in str(card.card.blocks)
        assert "snooze alert 1 for 1 hour" in [button.command for button in card.card.buttons]
    assert len(await room.core.ports.records.alerts(model="churn")) == 4  # each with its own times
    await room.calms("errors_detected")
    assert await room.titles() == ["Errors in churn, 4th time in 15 min: over"]


async def test_what_comes_again_later_or_otherwise_or_elsewhere_is_news(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    await room.goes_wrong("errors_detected")
    await room.calms("errors_detected")
    await room.goes_wrong("drift_detected")
    await room.goes_wrong("errors_detected", "demand")
    await room.minutes(40)
    await room.goes_wrong("errors_detected")
    assert await room.titles() == ["Errors in churn: over", "Drift in churn", "Errors in demand", "Errors in churn"]


async def test_a_snooze_holds_for_the_repeats_of_the_alert_too(open_room: Open) -> None:
    room = await open_room(ALL_TO_OFFICE)
    await room.goes_wrong("errors_detected")
    await room.controls.snooze(1, actor="lead", conversation=OFFICE, until=START + timedelta(hours=1))
    await room.calms("errors_detected")
    await room.goes_wrong("errors_detected")
    assert (await room.controls.snooze(2, actor="lead", conversation=OFFICE)).alert == 1
    (card,) = await room.cards()
    assert "2nd time" in card.card.title and "Snoozed" in str(card.card.blocks)
