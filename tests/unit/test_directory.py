"""Who somebody on a chat platform is to the bot: by the settings, by user groups, after a restart, and after leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bizaiops_bot.conversation.directory import EngineDirectory
from bizaiops_bot.domain.errors import Refused
from bizaiops_bot.domain.identity import Identity
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.plan import GateSpec
from bizaiops_bot.domain.recognition import Named, free_id
from bizaiops_bot.engine.audit import checking, pseudonyms, trail
from bizaiops_bot.engine.store import tables as t
from tests.support.gate_room import AT, ENGINEER, GateRoom, words

LEAD = Actor(id="lead", name="Lee, ML lead", roles=("approver",))
NAMED = (
    Named(actor=ENGINEER, email="erin@corp.example"),
    Named(actor=LEAD, email="lee@corp.example", subject="oid-lee"),
)
GROUPS = {"slack": {"ml-approvers": ("approver",), "ml-engineers": ("engineer",)}}
TWO = GateSpec(name="approval 1", question="Go?", quorum=2)


def slack(user: str, email: str = "", **more: Any) -> Identity:
    return Identity(platform="slack", workspace="T1", user=user, email=email, **more)


class Office:
    """One worker: a room for gates and its directory."""

    def __init__(self, room: GateRoom, named: tuple[Named, ...] = NAMED, groups: Any = GROUPS) -> None:
        self.room, self.core = room, room.core
        room.people.clear()
        room.people.update({one.actor.id: one.actor for one in named})
        self.directory = EngineDirectory(self.core, named, groups, reserved=("rule", "churn"))

    async def open(self) -> Office:
        await self.core.store.read(lambda conn: pseudonyms.know(conn, self.core.people))
        await self.directory.open()
        return self

    async def meets(self, identity: Identity) -> Actor:
        return await self.directory.recognise(identity)

    async def audited(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        found = await self.core.store.read(lambda conn: trail.read(conn, limit=50, kind=kind))
        return [(entry.subject, entry.detail) for entry in reversed(found)]

    async def restarted(self, named: tuple[Named, ...] = NAMED, groups: Any = GROUPS) -> Office:
        return await Office(self.room.reopened(), named, groups).open()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    room = GateRoom(tmp_path / "room")
    yield await Office(room).open()
    room.close()


# -- who it is ---------------------------------------------------------------------------------------------------------


async def test_a_member_is_the_person_with_that_email_in_the_settings(office: Office) -> None:
    person = await office.meets(slack("U1", "erin@corp.example", name="Somebody Else"))
    assert (person.id, person.name, person.roles) == ("engineer", "Erin", ("engineer",))


async def test_the_subject_of_the_sign_in_counts_before_the_email(office: Office) -> None:
    assert (await office.meets(slack("U1", "erin@corp.example", subject="oid-lee"))).id == "lead"
    teams = Identity(platform="teams", workspace="tenant", user="oid-lee")
    assert (await office.meets(teams)).id == "lead"


@pytest.mark.parametrize("standing", ["guest", "bot", "stranger", "deactivated"])
async def test_only_members_are_let_in_whatever_their_email_and_groups_say(office: Office, standing: Any) -> None:
    identity = slack("U1", "lee@corp.example", standing=standing, groups=("ml-approvers",))
    with pytest.raises(Refused) as told:
        await office.meets(identity)
    assert told.value.what and told.value.why and told.value.do
    assert await office.directory.known_as("lead", "slack") is None


async def test_a_member_nobody_names_is_told_what_to_do(office: Office) -> None:
    with pytest.raises(Refused) as told:
        await office.meets(slack("U9", "new@corp.example"))
    assert "BIZAIOPS_PEOPLE" in told.value.do and "@ml-approvers" in told.value.do
    with pytest.raises(Refused, match="not shown to me"):
        await office.meets(slack("U9"))


async def test_an_empty_email_matches_nobody_though_the_settings_have_empty_ones(office: Office) -> None:
    other = await office.restarted((*NAMED, Named(actor=Actor(id="root", name="Root", roles=("approver",)))))
    with pytest.raises(Refused):
        await other.meets(slack("U9"))


async def test_a_member_of_a_user_group_becomes_a_person_of_their_own(office: Office) -> None:
    kim = await office.meets(slack("U2", "Kim.Doe@corp.example".lower(), name="Kim Doe", groups=("ml-approvers",)))
    assert (kim.id, kim.name, kim.roles) == ("kim.doe", "Kim Doe", ("approver",))
    assert office.core.people["kim.doe"] == kim
    assert await office.audited("recognised") == [("kim.doe", {"platform": "slack", "by": "user group"})]
    assert await office.audited("roles") == [("kim.doe", {"before": [], "after": ["approver"]})]


async def test_groups_add_to_the_roles_in_the_settings(office: Office) -> None:
    person = await office.meets(slack("U1", "erin@corp.example", groups=("ml-approvers", "golf")))
    assert person.roles == ("engineer", "approver")


async def test_the_same_email_on_another_platform_is_the_same_person(office: Office) -> None:
    kim = await office.meets(slack("U2", "kim@corp.example", groups=("ml-approvers",)))
    teams = Identity(platform="teams", workspace="tenant", user="oid-kim", email="kim@corp.example")
    assert await office.meets(teams) == kim
    assert len(office.core.people) == 3


# -- what they are called ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "wanted"),
    [
        ("kim@corp.example", "kim"),
        ("lead@corp.example", "lead.2"),
        ("rule@corp.example", "rule.2"),
        ("churn@corp.example", "churn.2"),
        ("o'neil+bots@corp.example", "o.neil"),
        ("007@corp.example", "user.007"),
        ("jürgen@corp.example", "jurgen"),
        ("李@corp.example", "user"),
        (f"{'x' * 90}@corp.example", "x" * 58),
        ("p-abcdefghijkl@corp.example", "user.2"),
    ],
)
def test_a_new_id_fits_and_is_never_somebody_elses(email: str, wanted: str) -> None:
    taken = {"lead", "rule", "churn"}
    made = free_id(slack("U1", email), taken)
    assert made == wanted
    again = free_id(slack("U2", email), {*taken, made})
    assert again != made and len(again) <= 63


async def test_an_id_that_somebody_had_before_is_not_given_again(office: Office) -> None:
    await office.core.store.write(lambda conn: office.core.note(conn, "kim", "request", "m-1"))
    assert (await office.meets(slack("U2", "kim@corp.example", groups=("ml-approvers",)))).id == "kim.2"


async def test_a_role_is_nobodys_id_as_reminders_go_to_roles_by_name(office: Office) -> None:
    assert (await office.meets(slack("U2", "sre@corp.example", groups=("ml-engineers",)))).id == "sre.2"


# -- over time ---------------------------------------------------------------------------------------------------------


async def test_after_a_restart_everybody_is_who_they_were(office: Office) -> None:
    seen = slack("U2", "kim@corp.example", name="Kim", groups=("ml-approvers",))
    kim = await office.meets(seen)
    other = await office.restarted()
    assert other.core.people["kim"] == kim
    assert await other.directory.known_as("kim", "slack") == seen
    assert await other.meets(seen) == kim


async def test_somebody_whose_email_leaves_the_settings_is_not_that_person_any_more(office: Office) -> None:
    await office.meets(slack("U1", "lee@corp.example"))
    moved = (NAMED[0], Named(actor=LEAD, email="other@corp.example"))
    other = await office.restarted(moved)
    with pytest.raises(Refused):
        await other.meets(slack("U1", "lee@corp.example"))
    assert (await other.meets(slack("U7", "other@corp.example"))).id == "lead"


async def test_an_account_whose_email_has_changed_is_not_who_had_that_email(office: Office) -> None:
    assert (await office.meets(slack("U1", "lee@corp.example"))).id == "lead"
    assert (await office.meets(slack("U1"))).id == "lead", "an e-mail that is not shown has not changed"
    with pytest.raises(Refused, match="do not know you"):
        await office.meets(slack("U1", "lee.old@corp.example"))
    assert await office.directory.known_as("lead", "slack") is None, "nothing for lead is shown to that account"
    with pytest.raises(Refused):
        await (await office.restarted()).meets(slack("U1", "lee.old@corp.example"))


async def test_a_person_of_a_group_does_not_become_a_namesake_in_the_settings(office: Office) -> None:
    await office.meets(slack("U2", "kim@corp.example", groups=("ml-engineers",)))
    namesake = Named(actor=Actor(id="kim", name="Kim the boss", roles=("approver",)), email="boss@corp.example")
    other = await office.restarted((*NAMED, namesake))
    assert other.core.people["kim"].roles == ("approver",)
    assert (await other.meets(slack("U2", "kim@corp.example", groups=("ml-engineers",)))).id == "kim.2"


async def test_roles_follow_the_user_groups(office: Office) -> None:
    member, outside = slack("U2", "kim@corp.example", groups=("ml-approvers",)), slack("U2", "kim@corp.example")
    await office.directory.refresh("slack", [member, slack("U1", "erin@corp.example", groups=("ml-engineers",))])
    assert office.core.people["kim"].roles == ("approver",)
    await office.directory.refresh("slack", [])
    assert office.core.people["kim"] == Actor(id="kim", name="kim", roles=())
    assert office.core.people["engineer"].roles == ("engineer",)
    assert (await office.meets(outside)).roles == ()
    assert (await office.audited("roles"))[-1] == ("kim", {"before": ["approver"], "after": []})


async def test_a_refresh_without_news_writes_nothing(office: Office) -> None:
    seen = [slack("U2", "kim@corp.example", groups=("ml-approvers",)), slack("U8", "who@corp.example")]
    await office.directory.refresh("slack", seen)
    before = await office.core.store.read(trail.verify)
    await office.directory.refresh("slack", seen)
    await office.meets(seen[0])
    assert await office.core.store.read(trail.verify) == before


async def test_somebody_whose_account_is_deactivated_loses_even_the_roles_of_the_settings(office: Office) -> None:
    await office.meets(slack("U1", "lee@corp.example"))
    await office.directory.refresh("slack", [slack("U1", "lee@corp.example", standing="deactivated")])
    assert office.core.people["lead"].roles == ()
    other = await office.restarted()
    assert other.core.people["lead"].roles == ()
    assert (await other.meets(slack("U1", "lee@corp.example"))).roles == ("approver",)


async def test_an_approval_of_somebody_who_left_the_group_does_not_count_any_more(office: Office) -> None:
    room = office.room
    await office.meets(slack("U2", "kim@corp.example", groups=("ml-approvers",)))
    number = await room.begin(TWO)
    assert (await room.decides("kim", number)).accepted
    await office.directory.refresh("slack", [])
    assert (await room.decides("lead", number)).message == f"Counted: 1 of 2 approvals for run {number}."
    assert (await room.open_gate(number)).voices == ("lead",)
    assert not (await room.decides("kim", number)).accepted


async def test_the_card_of_a_waiting_run_names_who_may_decide_now(office: Office) -> None:
    number = await office.room.begin(TWO)
    assert "kim" not in words(await office.room.card(number))
    await office.meets(slack("U2", "kim@corp.example", groups=("ml-approvers",)))
    drawing = office.core.cards.drawer
    assert drawing is not None
    await drawing
    assert "kim" in words(await office.room.card(number))


async def test_another_worker_counts_somebody_it_has_never_seen(office: Office) -> None:
    other = await Office(GateRoom(office.room.folder)).open()
    other.core.follow_people = other.directory._roll.follow  # as on a database that workers share
    number = await other.room.begin(TWO)
    await office.meets(slack("U2", "kim@corp.example", groups=("ml-approvers",)))
    assert (await office.room.decides("kim", number)).accepted
    assert (await other.room.open_gate(number)).voices == ("kim",)
    assert other.core.people["kim"].roles == ("approver",)
    other.room.close()


# -- what the audit has, and forgetting --------------------------------------------------------------------------------


async def test_the_audit_has_neither_name_nor_email_of_somebody_new(office: Office) -> None:
    await office.meets(slack("U2", "kim@corp.example", name="Kim Possible", groups=("ml-approvers",)))
    rows = await office.core.store.read(lambda conn: conn.execute(sa.select(t.audit)).all())
    assert rows and all("kim" not in str(row).lower() and "U2" not in str(row) for row in rows)


async def test_forgetting_a_person_erases_their_accounts(office: Office) -> None:
    await office.meets(slack("U2", "kim@corp.example", name="Kim Possible", groups=("ml-approvers",)))
    await office.core.store.write(lambda conn: checking.forget(conn, "kim", AT))
    assert not await office.core.store.read(lambda conn: conn.execute(sa.select(t.people_seen)).all())
    await office.directory.refresh("slack", [])
    assert "kim" not in office.core.people


async def test_the_groups_of_before_are_known_after_a_restart(office: Office) -> None:
    await office.meets(slack("U2", "kim@corp.example", groups=("ml-approvers",)))
    await office.meets(slack("U1", "erin@corp.example"))
    assert (await office.restarted()).directory.groups("slack") == {"U2": ("ml-approvers",)}
