"""A person's own page: what waits for them, how their models are, what can be stopped; what is not known is said so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import NotFound, Temporary
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.engine.store import known_places
from tests.support.chat_rig import ChatRig, told


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[ChatRig]:
    rig = await ChatRig(tmp_path / "data").start()
    yield rig
    await rig.stop()


def labels(card: Card) -> list[str]:
    return [button.label for button in card.buttons]


async def test_whoever_may_decide_sees_the_run_and_only_the_way_to_its_plan(rig: ChatRig) -> None:
    await rig.says("deploy churn v2")
    approvals, *_ = await rig.home.page("lead")
    assert approvals.title == "1 run waits for your decision" and "Deploy churn v2" in told(approvals)
    assert [b.command for b in approvals.buttons] == ["show run 1"]
    approvals, *_ = await rig.home.page("engineer")
    assert approvals.title == "Nothing waits for your decision"


async def test_who_asked_sees_the_run_among_their_own(rig: ChatRig) -> None:
    await rig.says("deploy churn v2")
    runs = (await rig.home.page("engineer"))[2]
    assert runs.title == "Your runs" and "waits for approval" in told(runs) and labels(runs) == ["Show run 1"]
    assert (await rig.home.page("lead"))[2].title == "You have no runs"


async def test_models_show_traffic_and_no_data_is_not_health(rig: ChatRig) -> None:
    models = (await rig.home.page("engineer"))[1]
    assert models.title == "Models" and "v1 100%" in told(models)
    assert "? no data" in told(models) and "healthy" not in told(models)


async def test_the_models_somebody_owns_are_theirs(rig: ChatRig) -> None:
    rig.core.people["crm"] = Actor(id="crm", name="CRM team", roles=("engineer",))
    models = (await rig.home.page("crm"))[1]
    assert models.title == "Your models" and labels(models) == ["Status churn"]
    assert "And 1 more" in told(models)


async def test_a_system_that_does_not_answer_hides_nothing_else(rig: ChatRig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: Any, **__: Any) -> Any:
        raise Temporary("The serving system does not answer.", "It was asked for 5 s.")

    monkeypatch.setattr(rig.core.ports.serving, "traffic", down)
    models = (await rig.home.page("engineer"))[1]
    assert "could not be read" in told(models) and "churn" in told(models)
    monkeypatch.setattr(rig.core.ports.models, "specs", down)
    cards = await rig.home.page("engineer")
    assert cards[1].title == "Models could not be read" and "does not answer" in told(cards[1])
    assert cards[0].title == "Nothing waits for your decision"


async def test_schedules_can_be_stopped_from_there(rig: ChatRig) -> None:
    await rig.says("send the churn KPI digest here every monday at 9:00")
    await rig.says("yes")
    schedules = (await rig.home.page("engineer"))[3]
    assert schedules.title == "1 schedule" and "slack:C1" in told(schedules)
    (stop,) = schedules.buttons
    message = await rig.home.say("engineer", "slack:D1", stop.command, platform_event="slack/E1")
    again = await rig.home.say("engineer", "slack:D1", stop.command, platform_event="slack/E1")
    await rig.answer(message)
    assert again.id == message.id
    assert (await rig.home.page("engineer"))[3].title == "Nothing is scheduled"


async def test_a_schedules_channel_is_called_by_its_name_for_its_owner_alone(rig: ChatRig) -> None:
    await rig.says("send the churn KPI digest here every monday at 9:00")
    await rig.says("yes")
    place = ChatPlace(conversation="slack:C1", title="#merger")
    await rig.core.store.write(lambda conn: known_places.note(conn, place))
    assert "into #merger" in told((await rig.home.page("engineer"))[3])
    assert "#merger" not in told((await rig.home.page("lead"))[3])


async def test_the_bot_says_how_it_is_itself(rig: ChatRig) -> None:
    *_, health = await rig.home.page("engineer")
    assert health.title == "I am well" and "engineer" in told(health)
    rig.problems["teams"] = "Microsoft does not answer."
    await rig.says("freeze deploys because of the audit", by="lead")
    *_, health = await rig.home.page("engineer")
    assert health.title == "I have a problem" and "Microsoft does not answer." in told(health)
    assert "frozen by lead" in told(health)


async def test_nobody_gets_a_page_who_is_not_known(rig: ChatRig) -> None:
    with pytest.raises(NotFound):
        await rig.home.page("stranger")
