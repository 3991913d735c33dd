"""What chat surfaces stand on, over the fake company: real store, router, policy and playbooks; nothing is trained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.content import content_folder
from bizaiops_bot.conversation.forms import EngineForms
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.conversation.home_pages import EngineHomePages
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import PostedCard, PostedMessage
from bizaiops_bot.engine.runs.playbooks import Playbooks
from tests.support import fake_company as fake
from tests.support.fake_bot import FakeFaults
from tests.support.router_company import router
from tests.support.small_engine import SmallEngine, once_true
from tests.support.virtual_clock import VirtualClock

ANALYST = Actor(id="analyst", name="Ana, business analyst", roles=("analyst",))


@cache
def _playbooks() -> Playbooks:
    return Playbooks.load(content_folder("playbooks"))


class ChatRig:
    """engineer, lead and analyst talk about churn and demand. problems: what does not work now."""

    def __init__(self, folder: Path) -> None:
        self.world = fake.Company()
        w = self.world
        self.engine = SmallEngine(
            folder,
            list(_playbooks()),
            VirtualClock(w.now),
            pipelines=fake.FakePipelines(w),
            serving=fake.FakeServing(w),
            registry=fake.FakeRegistry(w),
            metrics=fake.FakeMetrics(w),
            predictions=fake.FakePredictions(w),
            outcomes=fake.FakeOutcomes(w),
            drift=fake.FakeDrift(w),
            warehouse=fake.FakeWarehouse(w),
            faults=FakeFaults(w),
        )
        self.core = self.engine.core
        self.core.people["analyst"] = ANALYST
        self.problems: dict[str, str] = {}
        self.desk = FrontDesk(self.core, self.engine.orders, self.engine.controls, router(), SystemClock())
        self.forms = EngineForms(self.core, self.desk, router())
        self.home = EngineHomePages(self.core, self.desk, self._problems)

    async def _problems(self) -> dict[str, str]:
        return self.problems

    async def start(self) -> ChatRig:
        await self.engine.start()
        return self

    async def stop(self) -> None:
        await self.desk.stop()
        await self.engine.stop()

    async def says(self, text: str, by: str = "engineer") -> PostedCard:
        return await self.answer(await self.desk.post("slack:C1", by, text))

    async def answer(self, message: PostedMessage) -> PostedCard:
        found: list[PostedCard] = []

        async def there() -> bool:
            cards = await self.desk.cards(message.conversation)
            found[:] = [card for card in cards if card.reply_to == message.id]
            return bool(found)

        await once_true(there)
        return found[-1]


def told(card: Card) -> str:
    """Everything that can be read on it."""
    return card.model_dump_json()
