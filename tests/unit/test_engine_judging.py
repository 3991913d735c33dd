"""A hold that brings too little evidence: held longer once, then a person is asked, and the safe end is the default."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BadInput, Refused, Temporary
from bizaiops_bot.domain.monitoring import ArmSample, Outcome
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.playbook import Inputs, ModelName, Run, Undecided, playbook
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock
from tests.unit.test_canary_evidence import steady

PER_MINUTE = 360


@dataclass
class Traffic:
    """Both arms as they are after so long: a tenth is the canary's, which fails `errors` of its requests."""

    clock: VirtualClock
    errors: float = 0.0095  # never 1 point more than the stable arm, and never shown to be less, however late the look
    per_minute: float = PER_MINUTE
    broken: bool = False
    done: list[str] = field(default_factory=list)
    looks: int = 0

    async def change(self, what: str) -> str:
        self.done.append(what)
        return what

    async def arms(self, model: str, since: datetime) -> list[ArmSample] | NoData:
        self.looks += 1
        if self.broken:
            raise Temporary("Prometheus does not answer.")
        total = (self.clock.now() - since).total_seconds() / 60 * self.per_minute
        n = round(total / 10)
        if not n:
            return NoData(query="arms", window="now", searched="test")
        stable = steady("v1", 9 * n, round(9 * n * 0.002))
        return [stable, steady("v2", n, round(n * self.errors))]


class Ask(Inputs):
    """A release."""

    model: ModelName = "churn"


@playbook(title="Judged", risk="change")
async def deploy_model(run: Run, ask: Ask) -> Card:
    async with run.undo("restore", run.serving.change, "restore"):  # type: ignore[attr-defined]
        verdict = await run.judge(ask.model, "v2", hold="20m", share=10)
        if not run.planning and not verdict.ok:
            raise Undecided(
                "Not promoted.", verdict.reason, verdict.decided, answered=verdict.decided.startswith("rolled")
            )
        await run.step("promote", run.serving.change, "promote")  # type: ignore[attr-defined]
    return Card(title="done", summary=verdict.decided)


class Site:
    """An engine with a run whose canary is being judged."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(START)
        self.world = Traffic(self.clock)
        self.engine = SmallEngine(folder, [deploy_model], self.clock, serving=self.world, metrics=self.world)
        self.number = 0

    async def begins(self) -> None:
        await self.engine.start()
        self.number = await self.engine.begin(model="churn")
        await self.engine.until(self.number, lambda r: r.steps[0].status == "running")

    async def minutes(self, count: int) -> None:
        """One at a time, as the world lives; a run that is slower catches up by itself."""
        for _ in range(count):
            await self.clock.advance(60)
            await self.clock.rest()

    async def asked(self) -> None:
        await self.minutes(61)
        await self.engine.until(self.number, lambda r: r.status == "waiting")

    async def decides(self, word: str) -> str:
        return await self.engine.controls.decide_words(self.number, word, actor="lead", reason="seen")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path / "data")
    await made.begins()
    yield made
    await made.engine.stop()


async def test_a_hold_with_too_little_evidence_goes_on_three_times_as_long_before_anyone_is_asked(site: Site) -> None:
    await site.minutes(25)
    longer = "held longer, as there was not enough evidence"
    await site.engine.until(site.number, lambda r: longer in r.steps[0].detail and r.steps[0].status == "running")
    await site.asked()
    assert site.clock.now() >= START + timedelta(minutes=60)
    open_gates = await site.engine.core.ports.records.approvals(site.number)
    assert open_gates[0].kind == "verdict"
    assert "requests rule out +1." in open_gates[0].question
    assert "Promote it without that evidence, roll back, or hold 20 min longer?" in open_gates[0].question


async def test_a_person_may_promote_without_the_evidence_and_the_verdict_stays_what_it_is(site: Site) -> None:
    await site.asked()
    assert "promotes it" in await site.decides("approved")
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("succeeded", ["promote"])
    assert record.summary == "promoted without it: approved by lead (seen)"
    kept = [e for e in await site.engine.core.ports.records.audit(limit=50) if e.kind == "verdict"]
    assert kept[0].detail["outcome"] == Outcome.INCONCLUSIVE.value
    assert kept[0].detail["accepted"] is True


async def test_a_person_may_roll_back(site: Site) -> None:
    await site.asked()
    await site.decides("rejected")
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("rejected", ["restore"])
    assert "rolled back: rejected by lead (seen)" in record.error


async def test_without_an_answer_it_goes_back(site: Site) -> None:
    await site.asked()
    await site.minutes(4 * 60 + 1)
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("expired", ["restore"])
    assert "nobody answered within 4h" in record.error


async def test_whoever_asked_for_the_release_cannot_answer(site: Site) -> None:
    await site.asked()
    with pytest.raises(Refused):
        await site.engine.controls.decide_words(site.number, "approved", actor="engineer")
    assert (await site.engine.run(site.number)).status == "waiting"


async def test_holding_longer_looks_again_and_passes_when_the_evidence_has_come(site: Site) -> None:
    await site.asked()
    site.world.errors, site.world.per_minute = 0.002, 10 * PER_MINUTE
    assert "holds it longer" in await site.decides("held")
    await site.engine.until(site.number, lambda r: r.status == "running")
    await site.minutes(22)
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("succeeded", ["promote"])


async def test_clear_harm_while_a_person_is_asked_ends_it_at_once(site: Site) -> None:
    await site.asked()
    site.world.errors = 0.3
    await site.minutes(25)  # a look each ten; the first may have begun to wait when the clock had moved already
    record = await site.engine.finished(site.number)
    assert site.world.done == ["restore"]
    assert re.search(r"error rate (29|30)\b", record.error)


async def test_a_cancel_while_a_person_is_asked_restores_the_traffic(site: Site) -> None:
    await site.asked()
    await site.engine.controls.cancel(site.number, actor="engineer")
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("cancelled", ["restore"])


async def test_a_question_that_is_open_is_still_open_after_a_restart(site: Site) -> None:
    await site.asked()
    looks = site.world.looks
    site.engine = await site.engine.restarted()
    await site.engine.until(site.number, lambda r: r.status == "waiting")
    assert site.world.looks <= looks + 1
    await site.decides("approved")
    assert (await site.engine.finished(site.number)).status == "succeeded"


async def test_hold_longer_is_no_answer_to_an_approval(tmp_path: Path) -> None:
    @playbook(title="Gated", risk="change")
    async def roll_back_model(run: Run, ask: Ask) -> Card:
        await run.approve("Go?")
        return Card(title="done")

    engine = SmallEngine(tmp_path / "data", [roll_back_model], VirtualClock(START))
    await engine.start()
    try:
        number = await engine.begin(model="churn")
        await engine.until(number, lambda r: r.status == "waiting")
        with pytest.raises(BadInput, match="asks for a yes or a no"):
            await engine.controls.decide_words(number, "held", actor="lead")
    finally:
        await engine.stop()


async def test_a_monitoring_that_does_not_answer_never_promotes(site: Site) -> None:
    site.world.broken = True
    await site.minutes(21)
    await site.engine.finished(site.number)
    assert site.world.done == ["restore"]
