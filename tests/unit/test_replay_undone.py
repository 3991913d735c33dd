"""What was taken back with failures on the way is replayed as it was: undos that were put off, and all that was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BotError, Permanent
from bizaiops_bot.domain.models import Artifact
from bizaiops_bot.domain.services import ServiceRef, TrafficState
from bizaiops_bot.engine.runs.history import History
from bizaiops_bot.playbook import Card, Inputs, ModelName, Playbook, PlaybookBody, Run, playbook
from bizaiops_bot.testing import ReplayMismatch, replay
from tests.support.fake_company import START, Company, FakeServing, served
from tests.support.small_engine import SmallEngine
from tests.support.virtual_clock import VirtualClock

CHURN = served("churn")


class Serving(FakeServing):
    """Promotes nothing. fails: how often going back to a version still fails."""

    def __init__(self, world: Company) -> None:
        super().__init__(world)
        self.fails: dict[str, int] = {}
        self.back: list[str] = []

    async def promote(self, service: ServiceRef, version: str, *, guard: str, key: str) -> TrafficState:
        raise Permanent("It was refused.")

    async def roll_back(
        self, service: ServiceRef, to: str, *, artifact: Artifact | None = None, key: str
    ) -> TrafficState:
        self.back.append(to)
        if self.fails.get(to, 0):
            self.fails[to] -= 1
            raise Permanent(f"{to} cannot be had back.")
        return await super().roll_back(service, to, artifact=artifact, key=key)


class Ask(Inputs):
    """A release."""

    model: ModelName = "churn"


async def nested(run: Run, ask: Ask) -> Card:
    async with run.undo("restore a", run.serving.roll_back, CHURN, "a"):
        await run.step("shift", run.serving.set_canary, CHURN, "v2", 10, guard="")
        async with (
            run.undo("restore b", run.serving.roll_back, CHURN, "b"),
            run.undo("restore c", run.serving.roll_back, CHURN, "c"),
        ):
            await run.step("promote", run.serving.promote, CHURN, "v2", guard="")
    return Card(title="released")


async def that_goes_on(run: Run, ask: Ask) -> Card:
    async with run.undo("restore a", run.serving.roll_back, CHURN, "a"):
        with suppress(BotError):
            async with run.undo("restore b", run.serving.roll_back, CHURN, "b"):
                await run.step("promote", run.serving.promote, CHURN, "v2", guard="")
    return Card(title="released all the same")


def made(body: PlaybookBody) -> Playbook:
    body.__name__ = "deploy_model"
    return playbook(title="Deploy", risk="change")(body)


class Site:
    """An engine whose serving fails to go back."""

    def __init__(self, folder: Path, release: Playbook) -> None:
        self.serving = Serving(Company())
        self.engine = SmallEngine(folder, [release], VirtualClock(START), serving=self.serving)

    async def carried_out(self, answers: list[str]) -> History:
        """The history of a run. answers: to what people are asked, in this order."""
        number, engine, answered = await self.engine.begin(), self.engine, list[str]()
        for answer in answers:
            await engine.until(number, lambda r: r.status == "waiting" and len(r.decisions) == len(answered))
            gate = await engine.asked(number)
            answered.append(gate.name)
            await engine.controls.decide(number, answer, actor="lead")
        await engine.finished(number)
        assert len(set(answered)) == len(answers), "a question of its own each time"
        return await engine.core.store.read(lambda conn: History.of_run(conn, number))


CASES: list[tuple[dict[str, int], list[str], str]] = [
    ({}, [], "c b a"),
    ({"c": 1}, [], "c b a c"),
    ({"b": 1, "c": 1}, [], "c b a c b"),
    ({"c": 2}, ["approved"], "c b a c c"),
    ({"a": 1}, ["approved"], "c b a a"),
    ({"a": 2, "c": 3}, ["approved", "approved", "approved", "rejected"], "c b a a a c c"),
    ({"a": 1, "b": 2, "c": 2}, ["rejected", "approved", "approved"], "c b a c c b b"),
]
"""(how often going back fails, what people answer, in which order it was tried)"""


@pytest.fixture(params=CASES, ids=[f"{case[2]}, {len(case[1])} asked" for case in CASES])
async def undone(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Site, History]]:
    fails, answers, order = request.param
    site = Site(tmp_path / "data", made(nested))
    site.serving.fails = dict(fails)
    await site.engine.start()
    try:
        history = await site.carried_out(answers)
        assert " ".join(site.serving.back) == order
        yield site, history
    finally:
        await site.engine.stop()


async def test_a_run_that_took_back_with_failures_is_replayed_to_its_end(undone: tuple[Site, History]) -> None:
    site, history = undone
    record = await site.engine.run(history.number)

    found = await replay(made(nested), history)

    assert (found.status, found.error.partition(" State unknown")[0]) == (
        record.status,
        record.error.partition(" State unknown")[0],
    )
    assert sorted(found.steps[2:]) == sorted(s.name for s in record.steps if s.status == "undone")


async def test_it_is_replayed_as_far_as_it_had_come_at_any_moment(undone: tuple[Site, History]) -> None:
    _, history = undone
    for known in range(len(history.entries)):
        so_far = history.model_copy(update={"entries": history.entries[:known], "status": "running"})
        assert (await replay(made(nested), so_far)).status == "under way"


async def test_code_that_takes_back_in_another_order_is_told(undone: tuple[Site, History]) -> None:
    async def other(run: Run, ask: Ask) -> Card:
        async with run.undo("restore a", run.serving.roll_back, CHURN, "a"):
            await run.step("shift", run.serving.set_canary, CHURN, "v2", 10, guard="")
            async with (
                run.undo("restore c", run.serving.roll_back, CHURN, "c"),
                run.undo("restore b", run.serving.roll_back, CHURN, "b"),
            ):
                await run.step("promote", run.serving.promote, CHURN, "v2", guard="")
        return Card(title="released")

    with pytest.raises(ReplayMismatch):
        await replay(made(other), undone[1])


async def test_what_an_inner_block_could_not_take_back_is_not_forgotten_where_the_playbook_goes_on(
    tmp_path: Path,
) -> None:
    # given a playbook that goes on after an inner block that failed, and could not be undone at once
    site = Site(tmp_path / "data", made(that_goes_on))
    site.serving.fails = {"b": 1}
    await site.engine.start()
    try:
        history = await site.carried_out([])

        # then it is undone before the run ends
        assert (history.status, site.serving.back) == ("succeeded", ["b", "b"])
        assert (await replay(made(that_goes_on), history)).status == "succeeded"
    finally:
        await site.engine.stop()
