"""Who may order and approve in Slack: Slack says who they are, the settings and user groups what they may."""

from __future__ import annotations

import pytest

from tests.support.slack_stand import SlackStand

DEPLOY = "deploy churn v2 as a 10% canary"
pytestmark = pytest.mark.usefixtures("bot")


@pytest.mark.parametrize(
    ("name", "told"), [("gina", "guest"), ("stan", "compan"), ("olaf", "know"), ("dora", "deactivated")]
)
def test_who_may_not_order_is_told_so_alone(stand: SlackStand, name: str, told: str) -> None:
    someone, channel = stand.users[name], stand.channel("kept-out")
    said = someone.mentions("status churn", channel)
    meant = stand.users["ana"].mentions("status churn", channel)
    stand.answer(meant, "churn: v1 100%")
    if not someone.member.deleted:  # nobody who has left reads anything
        someone.hears(told)
    assert not stand.thread(channel, said.ts)


def test_another_bot_is_not_heard(stand: SlackStand) -> None:
    other, channel = stand.users["otherbot"], stand.channel("bots")
    said = other.mentions(DEPLOY, channel)
    meant = stand.users["ana"].mentions("status churn", channel)
    stand.answer(meant, "churn: v1 100%")
    assert not stand.thread(channel, said.ts) and not other.whispers()


def test_who_may_not_approve_does_not_by_clicking(stand: SlackStand) -> None:
    channel = stand.channel("approving")
    said = stand.users["erin"].mentions(DEPLOY, channel)
    plan = stand.answer(said, "Must approve")
    for name, told in (("gina", "guest"), ("stan", "compan"), ("olaf", "know"), ("ana", "lead"), ("dora", "")):
        someone = stand.users[name]
        before = len(someone.whispers())
        assert someone.clicks(plan, "Approve").status == 200
        if not someone.member.deleted:
            someone.hears(told, after=before)
    assert "Approve" in stand.again(plan).buttons()

    # an Enterprise Grid account is as good as any
    stand.users["sam"].clicks(plan, "Approve")
    stand.until(lambda: "approved by sre" in stand.again(plan).words.lower(), "sam's approval")


def test_a_member_of_a_user_group_has_its_role(stand: SlackStand) -> None:
    nora, channel = stand.users["nora"], stand.channel("newcomer")
    said = nora.mentions("status demand", channel)
    stand.answer(said, "demand: v1 100%")
    nora.mentions("deploy demand v2 as a 10% canary", channel)
    nora.hears("may not deploy demand")
