"""People say where news go and when they want none, and the whole bot does so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.errors import BadInput
from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.talk import Talk
from tests.support.virtual_clock import VirtualClock

Open = Callable[[dict[str, Any]], Awaitable[Talk]]
SALES = "sales"


@pytest.fixture
async def talk_with(founded: Saved, tmp_path: Path) -> AsyncIterator[Open]:
    """A bot on the new company, with settings of its own for notices."""
    open_talks: list[Talk] = []

    async def begin(notices: dict[str, Any]) -> Talk:
        folder = tmp_path / "data"
        stores.copy_company(founded.folder, folder)
        talk = await Talk.begin(folder, VirtualClock(founded.at), more={"notices": notices})
        open_talks.append(talk)
        return talk

    yield begin
    for talk in open_talks:
        await talk.end()
    stores.drop_company(tmp_path / "data")


async def test_a_proposal_at_night_waits_with_its_alert_for_the_morning_where_the_rules_send_it(
    talk_with: Open,
) -> None:
    # given two channels for churn, and quiet hours that have begun (it is 9:00 in Berlin)
    rules = [{"what": "alert", "to": ["alerts"]}, {"what": "approval", "to": ["approvals"]}]
    talk = await talk_with({"rules": rules, "quiet": {"from": "8:00", "to": "9:30"}})
    # when drift comes, which is no danger
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    # then home has alert and proposal at once, the channels nothing
    assert alert.run is not None
    (await talk.card(f"run-{alert.run}")).shows("Asked by: rule:drift_retrains")
    assert await talk.cards("alerts") == await talk.cards("approvals") == []
    # and when the quiet hours end, each has its card, and the approval can be given there
    await talk.minutes(31)
    told = {shown.card.title: shown for shown in await talk.cards("alerts")}
    assert set(told) >= {"Drift in churn", "Retrain churn: waiting for approval"}
    told["Drift in churn"].shows("proposes: retrain model")
    (copy,) = await talk.cards("approvals")
    assert (await copy.click("Approve", by="lead")).accepted
    record = await talk.finished(copy.run)
    assert record.status == "succeeded", record.error
    assert "Approve" not in (await copy.now()).buttons()


async def test_the_buttons_on_an_alert_snooze_it_and_mute_its_model(talk: Talk) -> None:
    # given an alert that is told at home and where churn was spoken of
    await talk.says("how is churn doing?", by="analyst", conversation=SALES)
    await talk.inject("churn", "missing_values")
    alert = await talk.alert("churn", "missing_values_detected")
    card = await talk.card(f"alert-{alert.id}-{SALES}")
    # when somebody who may not and somebody who may click on it
    await card.click("Snooze 1 h", by="analyst")
    assert await talk.bot.core.ports.records.mutes() == []
    await card.click("Snooze 1 h", by="engineer")
    # then all its cards say until when, and an hour later it is told again, as it is open still
    home = await talk.card(f"alert-{alert.id}-ml-ops")
    for shown in (await card.now(), home):
        shown.shows("**Snoozed** until", "by engineer")
    await talk.minutes(61)
    for conversation in (SALES, "ml-ops"):
        again = [c for c in await talk.cards(conversation) if "is still open after" in c.card.title]
        assert len(again) == 1
    # and muting the model is told plainly, and shown by status and the list
    await (await card.now()).click("Mute churn alerts", by="engineer")
    (await talk.says("what is muted?")).shows("churn alerts", "engineer")
    (await talk.says("status churn")).shows("Muted: churn alerts until")
    await talk.mend()
    await talk.over(alert)
    (await talk.says("unmute churn alerts")).shows("told again")
    (await talk.says("what is muted?")).shows("Nothing is muted")


async def test_a_muted_model_is_healed_and_listed_all_the_same(talk: Talk) -> None:
    await talk.says("how is churn doing?", by="analyst", conversation=SALES)
    muted = await talk.says("mute churn alerts until tomorrow 8:00", by="lead")
    muted.shows("until Thu 5 Mar 08:00 (Europe/Berlin)", "It hides every churn alert", "None is open now")
    before = len(await talk.cards(SALES))
    await talk.inject("churn", "covariate_drift")
    alert = await talk.alert("churn", "drift_detected")
    assert alert.run is not None and len(await talk.cards(SALES)) == before
    (await talk.card(f"alert-{alert.id}-ml-ops")).shows("Muted", "proposes: retrain model")
    (await talk.says("alerts of churn")).shows("1 open alert", "Muted: churn alerts until")
    await talk.says("unmute churn alerts", by="lead")
    shown = [card.card.title for card in (await talk.cards(SALES))[before:]]
    assert sorted(shown) == ["Drift in churn", "Retrain churn: waiting for approval"]


async def test_a_scheduled_digest_also_goes_to_the_business_channel(talk_with: Open) -> None:
    talk = await talk_with({"rules": [{"what": "digest", "model": "churn", "to": [SALES]}]})
    await talk.keeps("send the churn KPI digest here every day at 10:00", conversation="ml-ops")
    await talk.minutes(61)
    (copy,) = await talk.cards(SALES)
    copy.shows("churn KPI digest")
    assert "This week" in copy.buttons()
    await talk.sleeps_until(talk.clock.now() + timedelta(days=1))
    assert len(await talk.cards(SALES)) == 2


async def test_a_rule_about_a_model_that_is_not_there_stops_the_start(talk_with: Open) -> None:
    with pytest.raises(BadInput, match="names the model 'chrun', which is not there"):
        await talk_with({"rules": [{"what": "alert", "model": "chrun", "to": ["ml-ops"]}]})
