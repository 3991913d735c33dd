"""Who somebody in Teams is to the bot."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bizaiops_bot.domain.errors import Permanent, Refused, Temporary
from bizaiops_bot.domain.identity import Standing
from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.surfaces.teams.calls import Calls
from bizaiops_bot.surfaces.teams.people import KEPT_S, TeamsPeople
from bizaiops_bot.surfaces.teams.sdk import Account, TeamsChannelAccount
from tests.support.fake_lobby import FakeDirectory

PLACE = ChatPlace(conversation="teams:1", kind="group", reference={"id": "19:a", "tenant": "ours"})
ERIN = Account(id="29:erin", name="Erin", aad_object_id="aad-erin")
MEMBER = {
    "id": "29:erin",
    "name": "Erin Engel",
    "aadObjectId": "aad-erin",
    "email": "Erin@Example.com",
    "tenantId": "ours",
    "userRole": "user",
    "userPrincipalName": "erin@example.com",
}


class Members:
    """Stands for Calls. answers: what Teams tells of a member."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer, self.asked = answer, 0

    async def member(self, place: ChatPlace, member: str) -> TeamsChannelAccount:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return TeamsChannelAccount.model_validate(self.answer)


def people(members: Members, now: list[float], tenant: str | None = "ours") -> TeamsPeople:
    directory = FakeDirectory(users={"aad-erin": "engineer"})
    return TeamsPeople(directory, cast(Calls, members), tenant, now=lambda: now[0])


async def test_a_member_is_known_by_object_id_with_the_mail_that_teams_vouches_for() -> None:
    known = people(Members(MEMBER), [0.0])
    found = await known.identity(ERIN, PLACE)
    assert (found.user, found.email, found.workspace, found.standing) == (
        "aad-erin",
        "erin@example.com",
        "ours",
        "member",
    )
    assert (await known.recognise(ERIN, PLACE)).id == "engineer"


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ({"userRole": "guest"}, "guest"),
        ({"userPrincipalName": "gus_partner.example#EXT#@ours.example"}, "guest"),
        ({"tenantId": "theirs"}, "stranger"),
        ({"tenantId": "theirs", "userRole": "guest"}, "stranger"),
    ],
)
async def test_guests_and_people_of_other_companies_are_refused_and_their_mail_counts_for_nothing(
    told: dict[str, str], standing: Standing
) -> None:
    known = people(Members(MEMBER | told), [0.0])
    found = await known.identity(ERIN, PLACE)
    assert (found.standing, found.email, found.subject) == (standing, "", "")
    with pytest.raises(Refused):
        await known.recognise(ERIN, PLACE)


async def test_somebody_without_an_object_id_is_a_stranger() -> None:
    told = {key: value for key, value in MEMBER.items() if key != "aadObjectId"}
    assert (await people(Members(told), [0.0]).identity(Account(id="29:x"), PLACE)).standing == "stranger"


async def test_a_conversation_of_another_company_is_a_strangers() -> None:
    elsewhere = PLACE.model_copy(update={"reference": {"id": "19:a", "tenant": "theirs"}})
    assert (await people(Members(MEMBER), [0.0]).identity(ERIN, elsewhere)).standing == "stranger"


async def test_bots_and_people_whom_teams_does_not_know_there_are_refused() -> None:
    bots = Members(MEMBER)
    assert (await people(bots, [0.0]).identity(Account(id="28:other-bot"), PLACE)).standing == "bot"
    assert bots.asked == 0
    assert (await people(Members(Permanent("gone")), [0.0]).identity(ERIN, PLACE)).standing == "stranger"


async def test_teams_is_asked_once_in_ten_minutes_and_a_failure_is_not_remembered() -> None:
    members, now = Members(Temporary("busy")), [0.0]
    known = people(members, now)
    with pytest.raises(Temporary):
        await known.identity(ERIN, PLACE)
    members.answer = MEMBER
    for _ in range(3):
        await known.identity(ERIN, PLACE)
    assert members.asked == 2
    members.answer, now[0] = MEMBER | {"userRole": "guest"}, KEPT_S + 1
    assert (await known.identity(ERIN, PLACE)).standing == "guest"
