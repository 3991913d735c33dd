"""Clicks in Teams carry what a client says: it counts where the card stands, and nowhere else."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.surfaces.teams import clicks
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.hall import Hall
from bizaiops_bot.surfaces.teams.people import TeamsPeople
from bizaiops_bot.surfaces.teams.places import TeamsPlaces, conversation_name
from bizaiops_bot.surfaces.teams.sdk import ActivityTypeAdapter, AdaptiveCardInvokeActivity, TeamsChannelAccount
from tests.support.fake_lobby import FakeLobby, fake_lobby

HERE, ELSEWHERE = "19:here@thread.tacv2", "19:elsewhere@thread.tacv2"


class Members:
    """Stands for Calls."""

    async def member(self, _place: Any, member: str) -> TeamsChannelAccount:
        told = {"id": member, "aadObjectId": "aad-erin", "tenantId": "ours", "userRole": "user"}
        return TeamsChannelAccount.model_validate(told)


@pytest.fixture
def lobby() -> FakeLobby:
    lobby = fake_lobby()
    lobby.people.users["aad-erin"] = "engineer"
    return lobby


async def pressed(lobby: FakeLobby, card: str, button: str, where: str = HERE) -> str:
    calls = cast(Calls, Members())
    hall = Hall(lobby, calls, TeamsPeople(lobby.people, calls, "ours"), TeamsPlaces(lobby.places, calls))
    data = {"action": "click", "card": card, "button": button}
    body = {
        "type": "invoke",
        "name": "adaptiveCard/action",
        "id": "f:1",
        "channelId": "msteams",
        "from": {"id": "29:erin"},
        "recipient": {"id": "28:bot"},
        "conversation": {"id": f"{where};messageid=1", "tenantId": "ours"},
        "value": {"action": {"type": "Action.Execute", "verb": "click", "data": data}},
    }
    activity = cast(AdaptiveCardInvokeActivity, ActivityTypeAdapter.validate_python(body))
    return str((await clicks.invoked(hall, activity))["value"])


async def test_a_card_of_another_conversation_cannot_be_clicked_by_its_name(lobby: FakeLobby) -> None:
    card = Card(title="A secret of theirs", buttons=(Button(label="Go on", command="status churn"),))
    theirs = await lobby.desk.answer(conversation_name(ELSEWHERE), card)
    for button in (theirs.buttons[0].id, "b-guessed"):
        told = await pressed(lobby, theirs.id, button)
        assert "another conversation" in told and "secret" not in told
    assert not lobby.desk.clicks
    assert "another conversation" not in await pressed(lobby, theirs.id, theirs.buttons[0].id, ELSEWHERE)
    assert [click.actor for click in lobby.desk.clicks] == ["engineer"]


async def test_a_card_that_is_not_kept_is_answered_by_the_desk(lobby: FakeLobby) -> None:
    assert await pressed(lobby, "c-gone", "b-1")
    assert [click.card for click in lobby.desk.clicks] == ["c-gone"]
