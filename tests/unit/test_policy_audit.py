"""Each request leaves who asked, what policy said and by which rule in which line, as it was at that moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bizaiops_bot.adapters.known_models import KnownModels
from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.errors import Refused
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.policy.windows import FreezeWindows
from tests.support.gate_room import ENGINEER, GateRoom

ANALYST = Actor(id="ana", name="Ana", roles=("analyst",))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[GateRoom]:
    made = GateRoom(tmp_path)
    made.core.ports = cast(Ports, SimpleNamespace(models=KnownModels(())))
    yield made
    made.close()


async def asks(room: GateRoom, playbook: str, by: Actor, key: str = "m-1", **inputs: object) -> None:
    await Orders(room.core).check(Order(playbook, inputs, by, Place("ml-ops", "t"), key, heard={"stage": "exact"}))


async def test_what_is_permitted_names_its_rule_with_file_and_line(room: GateRoom) -> None:
    await asks(room, "scale_model", ENGINEER, model="churn", replicas=3)
    (entry,) = await room.audited("request")
    assert (entry.actor, entry.subject) == ("engineer", "m-1")
    detail = entry.detail
    assert (detail["policy"], detail["rule"]) == ("permit", "engineers_change_models")
    file, line = detail["source"].split(":")
    text = (Path(__file__).parents[2] / "deploy" / "policy" / file).read_text().splitlines()
    assert text[int(line) - 1] == '@id("engineers_change_models")'
    assert detail["inputs"] == {"model": "churn", "replicas": 3}
    assert (detail["environment"], detail["frozen"], detail["over_budget"]) == ("demo", False, False)
    assert detail["heard"] == {"stage": "exact"}


async def test_what_is_refused_is_audited_too_and_tells_who_may(room: GateRoom) -> None:
    with pytest.raises(Refused) as caught:
        await asks(room, "scale_model", ANALYST, model="churn", replicas=3)
    assert "ana may not scale churn. Policy rule default:" in str(caught.value)
    assert "Allowed: engineer, lead, sre, kim, bob." in str(caught.value)
    (entry,) = await room.audited("request")
    assert (entry.detail["policy"], entry.detail["rule"], entry.detail["source"]) == ("refuse", "default", "")


async def test_a_window_freezes_changes_and_lets_a_rollback_through(room: GateRoom, tmp_path: Path) -> None:
    (tmp_path / "freeze_windows.yaml").write_text(
        "- {name: audit, why: the auditors are here, time_zone: UTC, from: 2026-03-04, to: 2026-03-05}\n"
    )
    room.core.freezes = FreezeWindows.load(tmp_path)
    with pytest.raises(Refused) as caught:
        await asks(room, "deploy_model", ENGINEER, model="churn", version="v2")
    assert str(caught.value) == (
        "engineer may not deploy churn. Changes are frozen by the window audit until 6 Mar 00:00 UTC: the auditors are "
        "here. Rolling back, pausing and resuming stay possible."
    )
    await asks(room, "roll_back_model", ENGINEER, "m-2", model="churn")
    assert [e.detail["frozen"] for e in await room.audited("request")] == [True, True]
    await room.clock.advance(2 * 86_400)
    await asks(room, "deploy_model", ENGINEER, "m-3", model="churn", version="v2")


async def test_roles_are_those_of_the_moment_and_not_of_the_last_request(room: GateRoom) -> None:
    await asks(room, "deploy_model", room.people["bob"], model="churn", version="v2")
    room.give("bob", "analyst")
    with pytest.raises(Refused, match="rule default"):
        await asks(room, "deploy_model", room.people["bob"], "m-2", model="churn", version="v2")


async def test_a_person_may_cancel_a_run_of_their_own_only(room: GateRoom) -> None:
    mine = await room.begin(by=ANALYST)
    other = await room.begin(by=ENGINEER, model="demand")
    await asks(room, "cancel_run", ANALYST, run=mine)
    with pytest.raises(Refused):
        await asks(room, "cancel_run", ANALYST, "m-2", run=other)
    with pytest.raises(Refused):
        await asks(room, "cancel_run", ANALYST, "m-3", run=10**30)
    rules = [entry.detail["rule"] for entry in await room.audited("request")]
    assert rules == ["requesters_cancel_their_own", "default", "default"]
