"""Who a Slack user is: what Slack vouches for, and never a guess while Slack does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bizaiops_bot.domain.errors import Refused, Temporary
from bizaiops_bot.surfaces.slack.calls import web_client
from bizaiops_bot.surfaces.slack.people import Home, People, group_members, standing_of
from tests.support.fake_lobby import FakeDirectory
from tests.support.slack_web_api import GONE, WebApi, web_api

HERE = Home("T1", "E1")


def user(**more: Any) -> dict[str, Any]:
    profile = {"email": "Erin@Example.com", "display_name": "erin", "real_name": "Erin Engineer"}
    return {"id": "UENG", "team_id": "T1", "name": "erin", "profile": profile, **more}


@pytest.fixture
async def api() -> AsyncIterator[WebApi]:
    async with web_api() as running:
        running.says("users.info", {"ok": True, "user": user()})
        yield running


class Watch:
    """Seconds that pass when a test says so."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def people(api: WebApi, now: Watch | None = None) -> tuple[People, FakeDirectory]:
    directory = FakeDirectory()
    return People(web_client(api.settings()), directory, HERE, keep_s=60, now=now or Watch()), directory


@pytest.mark.parametrize(
    ("more", "standing"),
    [
        ({}, "member"),
        ({"deleted": True, "is_restricted": True}, "deactivated"),
        ({"is_bot": True}, "bot"),
        ({"id": "USLACKBOT"}, "bot"),
        ({"is_restricted": True}, "guest"),
        ({"is_ultra_restricted": True}, "guest"),
        ({"is_stranger": True}, "stranger"),
        ({"team_id": "T9"}, "stranger"),
        ({"team_id": "T9", "is_restricted": True}, "stranger"),
        ({"team_id": "T9", "enterprise_user": {"id": "W1", "enterprise_id": "E1", "teams": ["T9"]}}, "member"),
        ({"team_id": "T9", "enterprise_user": {"id": "W1", "enterprise_id": "E9", "teams": ["T9"]}}, "stranger"),
        ({"id": "W1", "team_id": "T9", "enterprise_user": {"enterprise_id": "E9", "teams": ["T1"]}}, "member"),
        ({"is_stranger": True, "enterprise_user": {"enterprise_id": "E1", "teams": ["T1"]}}, "stranger"),
    ],
)
def test_slack_says_how_somebody_stands(more: dict[str, Any], standing: str) -> None:
    assert standing_of(user(**more), HERE) == standing


async def test_a_member_is_known_by_what_slack_vouches_for(api: WebApi) -> None:
    who, directory = people(api)
    assert (await who.person("UENG", "T1")).id == "engineer"
    seen = directory.seen["engineer"]
    assert (seen.email, seen.user, seen.subject, seen.name) == ("erin@example.com", "UENG", "UENG", "erin")


async def test_somebody_of_another_company_is_one_also_when_users_info_shows_nothing_of_it(api: WebApi) -> None:
    who, _ = people(api)
    with pytest.raises(Refused, match="another company"):
        await who.person("UENG", "T777")


async def test_who_is_not_to_be_seen_is_a_stranger(api: WebApi) -> None:
    api.refuses("users.info", "user_not_visible")
    who, _ = people(api)
    with pytest.raises(Refused, match="another company"):
        await who.person("UENG", "T1")


async def test_a_hundred_questions_at_once_are_one_call_and_the_answer_is_kept_for_a_minute(api: WebApi) -> None:
    now = Watch()
    who, _ = people(api, now)
    found = await asyncio.gather(*(who.person("UENG", "T1") for _ in range(100)))
    assert {person.id for person in found} == {"engineer"} and len(api.of("users.info")) == 1
    now.at = 61
    api.says("users.info", {"ok": True, "user": user(deleted=True)})
    with pytest.raises(Refused, match="deactivated"):
        await who.person("UENG", "T1")


@pytest.mark.parametrize(
    "answer", [503, GONE, {"ok": False, "error": "fatal_error"}, {"ok": False, "error": "invalid_auth"}]
)
async def test_while_slack_does_not_say_who_it_is_nobody_is_refused_as_unknown(api: WebApi, answer: Any) -> None:
    api.says("users.info", answer)
    who, _ = people(api)
    with pytest.raises(Temporary, match="could not find out who you are"):
        await who.person("UENG", "T1")
    api.says("users.info", {"ok": True, "user": user()})
    assert (await who.person("UENG", "T1")).id == "engineer"


async def test_groups_give_their_members_handles_and_who_left_is_told_to_the_directory(api: WebApi) -> None:
    groups = [{"id": "S1", "handle": "ml-leads"}, {"id": "S2", "handle": "sre"}, {"id": "S3", "handle": "lunch"}]
    api.says("usergroups.list", {"ok": True, "usergroups": groups})
    api.says(
        "usergroups.users.list",
        lambda args: {"ok": True, "users": {"S1": ["UENG", "ULEAD"], "S2": ["UENG"]}[args["usergroup"]]},
    )
    api.says("users.info", lambda args: {"ok": True, "user": user(id=args["user"], deleted=args["user"] == "UOLD")})
    who, directory = people(api)
    members = await group_members(web_client(api.settings()), frozenset({"ml-leads", "sre"}))
    await who.refresh(members, ["UOLD"])
    ((platform, seen),) = directory.refreshed
    assert platform == "slack"
    assert {one.user: (one.groups, one.standing) for one in seen} == {
        "UENG": (("ml-leads", "sre"), "member"),
        "ULEAD": (("ml-leads",), "member"),
        "UOLD": ((), "deactivated"),
    }
    assert (await who.identity("UENG")).groups == ("ml-leads", "sre")


async def test_a_group_that_is_not_there_is_told_in_the_log(api: WebApi, caplog: pytest.LogCaptureFixture) -> None:
    api.says("usergroups.list", {"ok": True, "usergroups": []})
    assert await group_members(web_client(api.settings()), frozenset({"ml-leads"})) == {}
    assert "@ml-leads" in caplog.text


async def test_a_mention_is_called_by_the_persons_id_else_by_the_name(api: WebApi) -> None:
    who, directory = people(api)
    assert await who.name("UENG") == "engineer"
    directory.users.clear()
    assert await who.name("UENG") == "@erin"


async def test_in_a_grid_somebody_may_act_in_each_workspace_they_are_in_and_in_no_other(api: WebApi) -> None:
    grid = {"id": "W1", "enterprise_id": "E1", "teams": ["T2", "T3"]}
    api.says("users.info", {"ok": True, "user": user(team_id="T2", enterprise_user=grid)})
    who, _ = people(api)
    for team in ("T1", "T2", "T3", "E1", ""):
        assert (await who.person("UENG", team)).id == "engineer"
    with pytest.raises(Refused, match="another company"):
        await who.person("UENG", "T9")


async def test_a_grid_of_another_company_opens_none_of_its_workspaces(api: WebApi) -> None:
    grid = {"id": "W1", "enterprise_id": "E9", "teams": ["T1", "T8"]}
    api.says("users.info", {"ok": True, "user": user(team_id="T1", enterprise_user=grid)})
    who, _ = people(api)
    with pytest.raises(Refused, match="another company"):
        await who.person("UENG", "T8")


async def test_one_user_whom_slack_does_not_tell_of_lets_nobody_keep_the_roles_of_a_group(api: WebApi) -> None:
    who, directory = people(api)
    api.says("users.info", lambda args: {"ok": True, "user": user(id=args["user"])})
    await who.refresh({"UENG": ("ml-leads",), "ULEAD": ("ml-leads",)}, [])
    failing = {"ok": False, "error": "fatal_error"}
    api.says("users.info", lambda args: failing if args["user"] != "ULEAD" else {"ok": True, "user": user(id="ULEAD")})
    await who.refresh({}, ["UENG", "UNEW", "ULEAD"])
    _, seen = directory.refreshed[-1]
    assert {one.user: one.groups for one in seen} == {"UENG": (), "ULEAD": ()}
    with pytest.raises(Temporary):  # of whom nothing was ever told: all stay as they were
        await who.refresh({"UNEW": ("ml-leads",)}, [])


async def test_who_speaks_before_the_groups_are_read_after_a_restart_is_in_those_of_before(api: WebApi) -> None:
    before, directory = people(api)
    await before.refresh({"UENG": ("ml-leads",)}, [])
    again = People(web_client(api.settings()), directory, HERE, keep_s=60)
    await again.person("UENG", "T1")
    assert directory.seen["engineer"].groups == ("ml-leads",)
    await again.refresh({}, ["UENG"])
    assert (await again.identity("UENG")).groups == ()
