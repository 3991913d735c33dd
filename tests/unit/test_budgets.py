"""How many changes are asked for in an hour: the one too many is refused, and what makes things safer never is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput, Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.budgets import FILE, Budget, Budgets, Limits
from tests.support.gate_room import ENGINEER, GateRoom

LEAD = Actor(id="lead", name="Lead", roles=("approver",))
RULE = Actor(id="rule:latency_rolls_back", name="latency_rolls_back", kind="rule")
SCHEDULE = Actor(id="schedule:3", name="digest", kind="schedule")
DEPLOY = {"model": "churn", "version": "v2"}


class Desk(GateRoom):
    """Asks policy as requests do. `asks` raises what the requester is told."""

    def limits(self, **per_hour: int) -> None:
        given = {name: Budget(changes_per_hour=count) for name, count in per_hour.items()}
        self.core.budgets = Budgets(Limits(**given))

    async def asks(
        self,
        playbook: str = "deploy_model",
        *,
        by: Actor = ENGINEER,
        key: str = "",
        place: str = "ml-ops",
        dry_run: bool = False,
        **inputs: Any,
    ) -> None:
        self.count = getattr(self, "count", 0) + 1
        given = inputs or (DEPLOY if playbook == "deploy_model" else {})
        order = Order(playbook, given, by, Place(place, "t"), key or f"m-{self.count}", heard={}, dry_run=dry_run)
        await Orders(self.core).check(order)

    async def minutes(self, count: float) -> None:
        await self.clock.advance(60 * count)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    room = Desk(tmp_path)
    room.limits(person=20)
    yield room
    room.close()


async def test_the_21st_change_within_an_hour_is_refused_and_told_when_it_is_possible_again(desk: Desk) -> None:
    for _ in range(20):
        await desk.asks()
        await desk.minutes(1)
    with pytest.raises(Refused) as caught:
        await desk.asks()
    assert str(caught.value) == (
        "engineer may not deploy churn now. Policy rule budget: 20 changes were asked for by engineer in the last hour, "
        "the limit for a person is 20. Possible again at 09:01 UTC."
    )
    await desk.minutes(40)
    with pytest.raises(Refused):
        await desk.asks()
    await desk.minutes(1)
    await desk.asks()
    with pytest.raises(Refused, match="Possible again at 09:02 UTC"):
        await desk.asks()


async def test_what_makes_things_safer_is_never_held_back_and_costs_nothing(desk: Desk) -> None:
    desk.limits(person=1, channel=1)
    number = await desk.begin()
    await desk.asks(by=LEAD)
    for _ in range(3):
        await desk.asks("roll_back_model", by=LEAD, model="churn")
        await desk.asks("approve_run", by=LEAD, run=number)
        await desk.asks("reject_run", by=LEAD, run=number)
        await desk.asks("cancel_run", by=LEAD, run=number)
        await desk.asks("freeze_deploys", by=LEAD)
        await desk.asks("end_delegation", by=LEAD)
    with pytest.raises(Refused, match="rule budget"):
        await desk.asks("inject_fault", by=LEAD, model="churn", fault="latency")


async def test_looking_and_dry_runs_cost_nothing(desk: Desk) -> None:
    desk.limits(person=1)
    for _ in range(3):
        await desk.asks("show_status", model="churn")
        await desk.asks(dry_run=True)
    await desk.asks()
    await desk.asks("show_status", model="churn")
    await desk.asks(dry_run=True)


async def test_what_policy_refuses_costs_nothing(desk: Desk) -> None:
    desk.limits(person=1)
    for _ in range(3):
        with pytest.raises(Refused, match="rule default"):
            await desk.asks("freeze_deploys")
    await desk.asks()


async def test_a_conversation_has_a_budget_for_all_its_people_and_others_are_free(desk: Desk) -> None:
    desk.limits(person=20, channel=2)
    await desk.asks()
    await desk.asks(by=LEAD)
    with pytest.raises(
        Refused, match="2 changes were asked for in ml-ops in the last hour, the limit for a conversation"
    ):
        await desk.asks(by=LEAD)
    await desk.asks(by=LEAD, place="fraud-team")


async def test_each_person_has_a_budget_wherever_they_speak(desk: Desk) -> None:
    desk.limits(person=1)
    await desk.asks()
    with pytest.raises(Refused, match="by engineer"):
        await desk.asks(place="fraud-team")
    await desk.asks(by=LEAD)


async def test_a_storm_of_alerts_keeps_nobody_from_acting(desk: Desk) -> None:
    desk.limits(person=1, channel=1, rule=2)
    for _ in range(2):
        await desk.asks("retrain_model", by=RULE, model="churn")
    with pytest.raises(Refused, match="2 changes were asked for by latency_rolls_back in the last hour"):
        await desk.asks("retrain_model", by=RULE, model="churn")
    await desk.asks("roll_back_model", by=RULE, model="churn")
    await desk.asks()


async def test_a_schedule_does_what_a_person_has_paid_for(desk: Desk) -> None:
    desk.limits(person=1, channel=1, rule=1)
    for _ in range(3):
        await desk.asks("send_digest", by=SCHEDULE, model="churn")


async def test_requests_at_the_same_moment_do_not_overspend(desk: Desk) -> None:
    desk.limits(person=3)
    told = await asyncio.gather(*(desk.asks() for _ in range(30)), return_exceptions=True)
    assert [type(answer) for answer in told if answer is not None] == [Refused] * 27


async def test_an_order_that_is_heard_again_after_a_crash_is_not_paid_twice(desk: Desk) -> None:
    desk.limits(person=2)
    for _ in range(3):
        await desk.asks(key="m-same")
    await desk.asks()
    await desk.asks(key="m-same")
    with pytest.raises(Refused):
        await desk.asks()


async def test_a_restart_forgets_no_spending(desk: Desk, tmp_path: Path) -> None:
    desk.limits(person=1)
    await desk.asks()
    desk.core.store.close()
    again = Desk(tmp_path, desk.clock)
    again.limits(person=1)
    try:
        with pytest.raises(Refused, match="by engineer"):
            await again.asks(key="m-other")
    finally:
        again.close()
        desk.core.store = again.core.store


def test_the_budgets_of_the_bot_are_those_the_page_names() -> None:
    limits = Budgets.load(content_folder("policy")).limits
    assert limits.model_dump() == {
        "person": {"changes_per_hour": 20},
        "channel": {"changes_per_hour": 60},
        "rule": {"changes_per_hour": 12},
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("person: {changes_per_hour: 0}", ":1: person.changes_per_hour"),
        ("person: {changes_per_hour: 5}\npersn: {changes_per_hour: 5}", ":2: persn"),
        ("\nrule: {changes_an_hour: 5}", ":2: rule.changes_per_hour"),
        ("person: 20", ":1: person"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadInput) as caught:
        Budgets.load(tmp_path)
    assert f"{FILE}{place}" in str(caught.value)


def test_without_the_file_there_is_no_limit(tmp_path: Path) -> None:
    assert Budgets.load(tmp_path).limits == Limits()
