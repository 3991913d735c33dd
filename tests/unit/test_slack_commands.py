"""The slash command in Slack."""

from __future__ import annotations

import pytest

from bizaiops_bot.domain.routing import Catalogue, PlaybookSpec, SlotSpec
from tests.support.slack_room import CHANNEL, DM, SlackStand, command, opened


@pytest.fixture
def stand() -> SlackStand:
    return SlackStand()


def _with_requests(stand: SlackStand, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    slots = (SlotSpec(name="model", kind="model", required=True),)
    known = tuple(PlaybookSpec(name=name, title=name.replace("_", " "), risk="change", slots=slots) for name in names)
    read = stand.lobby.desk.catalogue

    async def catalogue() -> Catalogue:
        return (await read()).model_copy(update={"playbooks": known})

    monkeypatch.setattr(stand.lobby.desk, "catalogue", catalogue)


async def test_words_are_said_once_in_the_channel_and_need_no_second_message(stand: SlackStand) -> None:
    for _ in range(2):
        assert (await stand.send(command("status churn"))).status == 200
    said = stand.lobby.desk.said
    assert [(s.conversation, s.actor, s.text) for s in said] == [(f"slack:{CHANNEL}", "engineer", "status churn")]
    assert said[0].platform_event == "slack/13345224609.738474920.abc"
    assert stand.told == []


async def test_help_is_said_like_any_words(stand: SlackStand) -> None:
    await stand.send(command("help"))
    assert [s.text for s in stand.lobby.desk.said] == ["help"]


@pytest.mark.parametrize("why", ["channel_not_found", "not a member"])
async def test_where_the_bot_is_not_the_answer_comes_in_person(stand: SlackStand, why: str) -> None:
    if why == "channel_not_found":
        stand.client.errors["conversations.info"] = why
    else:
        stand.client.answers["conversations.info"] = {"channel": {"id": CHANNEL, "is_member": False}}
    await stand.send(command("status churn"))
    assert [s.conversation for s in stand.lobby.desk.said] == [f"slack:{DM}"]
    assert "direct messages" in stand.told[0]
    assert stand.lobby.places.known[f"slack:{DM}"].title == "@engineer"


async def test_who_is_not_known_is_told_and_nothing_is_said(stand: SlackStand) -> None:
    await stand.send(command("deploy churn v2", user="UX"))
    assert stand.lobby.desk.said == [] and "do not know you" in stand.told[0]


async def test_a_form_is_chosen_or_opened_by_name(stand: SlackStand, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_requests(stand, monkeypatch, "deploy_model", "scale_model")
    for words in ("", "form"):
        await stand.send(command(words))
        assert opened(stand)["callback_id"] == "choose"
    for words in ("form deploy_model", "form deploy model"):
        await stand.send(command(words))
        assert opened(stand)["callback_id"] == "form"
    assert stand.lobby.desk.said == []


async def test_a_form_somebody_may_not_fill_in_is_refused(stand: SlackStand, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_requests(stand, monkeypatch, "deploy_model")
    await stand.send(command("form deploy_model", user="UANA"))
    assert stand.client.of("views.open") == [] and "may not deploy" in stand.told[0]


async def test_without_requests_that_have_a_form_it_says_so(stand: SlackStand, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_requests(stand, monkeypatch)
    await stand.send(command("form"))
    assert stand.client.of("views.open") == [] and "in words" in stand.told[0]


async def test_words_of_a_command_are_read_as_slack_meant_them(stand: SlackStand) -> None:
    await stand.send(command("reject run 3: “p95 &gt; 2 s &amp; rising”"))
    assert [s.text for s in stand.lobby.desk.said] == ['reject run 3: "p95 > 2 s & rising"']
