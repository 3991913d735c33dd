"""What Teams sent is dealt with once, in its order, and soon after whatever was in the way is gone."""

from __future__ import annotations

import asyncio
from typing import Any

from bizaiops_bot.domain.errors import Temporary, Unknown
from bizaiops_bot.engine.store.store import StoreDown
from bizaiops_bot.surfaces.teams.inbox import TRIES, Inbox
from bizaiops_bot.surfaces.teams.sdk import Activity, ActivityTypeAdapter
from tests.support.fake_lobby import FakeEvents
from tests.support.slack_web_api import until


def message(number: int) -> Activity:
    return ActivityTypeAdapter.validate_python(
        {
            "type": "message",
            "id": str(number),
            "text": f"word {number}",
            "channelId": "msteams",
            "from": {"id": "29:erin"},
            "recipient": {"id": "28:bot"},
            "conversation": {"id": "a:1"},
        }
    )


class Hearing:
    """Hears nothing for the first `deaf` times."""

    def __init__(self, deaf: int = 0) -> None:
        self.deaf, self.heard = deaf, list[str]()

    async def __call__(self, activity: Any, event: str) -> None:
        if self.deaf > 0:
            self.deaf -= 1
            raise Unknown("Who that is was not told.") if self.deaf % 2 else Temporary("Teams is not reached.")
        self.heard.append(activity.text)


async def test_a_message_is_heard_when_teams_is_back_and_not_only_after_the_next_start() -> None:
    events, hearing = FakeEvents(), Hearing(deaf=2 * TRIES + 1)
    inbox = Inbox(events, hearing, pause_s=0.001, later_s=0.01)
    await inbox.take(message(1))
    await until(lambda: not events.bodies)
    assert hearing.heard == ["word 1"]


async def test_what_was_heard_while_the_database_is_away_is_not_heard_again() -> None:
    events, hearing, refused = FakeEvents(), Hearing(), 0
    end = events.end

    async def away(event: str) -> None:
        nonlocal refused
        refused += 1
        if refused < 3:
            raise StoreDown("The database does not answer.")
        await end(event)

    events.end = away  # type: ignore[method-assign]
    await Inbox(events, hearing, pause_s=0.001, later_s=0.01).take(message(1))
    await until(lambda: not events.bodies)
    assert hearing.heard == ["word 1"]


async def test_what_another_worker_left_is_taken_up_while_this_one_runs() -> None:
    events, hearing = FakeEvents(), Hearing()
    inbox = Inbox(events, hearing, later_s=0.01)
    running = asyncio.create_task(inbox.run())
    await events.take("teams/x/1", "teams", message(1).model_dump_json(by_alias=True, exclude_none=True))
    await until(lambda: not events.bodies)
    running.cancel()
    assert "word 1" in hearing.heard
