"""A hold that brings too little evidence: held longer once, then a person is asked, and the safe end is the default."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bizaiops_bot.adapters.nothing import NoOutcomes, NoPredictions
from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BadInput, Refused, Temporary
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, RevisionSample
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.playbook import Inputs, JudgeSpec, ModelName, Playbook, Run, Undecided, playbook
from tests.support.arms import Observed
from tests.support.services import service
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock
from tests.unit.test_canary_evidence import steady

PER_MINUTE = 360
OBSERVED = ("serving", "metrics", "predictions", "outcomes")


@dataclass
class Traffic(Observed):
    """Both arms as they are after so long: a tenth is the canary's, which fails `errors` of its requests."""

    clock: VirtualClock
    errors: float = 0.0095  # never 1 point more than the stable arm, and never shown to be less, however late the look
    per_minute: float = PER_MINUTE
    broken: bool = False
    skewed: bool = False
    done: list[str] = field(default_factory=list)
    looks: int = 0

    async def change(self, what: str) -> str:
        self.done.append(what)
        return what

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        self.looks += 1
        if self.broken:
            raise Temporary("Prometheus does not answer.")
        return await super().arms(service, revisions, since)

    def known(self, since: datetime) -> list[ArmSample] | NoData:
        total = (self.clock.now() - since).total_seconds() / 60 * self.per_minute
        n = round(total / 10)
        if not n:
            return NoData(query="arms", window="now", searched="test")
        stable = steady("v1", 9 * n, round(9 * n * 0.002))
        scores = {"score_counts": (n, 0, 0, 0)} if self.skewed else {}
        return [stable, steady("v2", n, round(n * self.errors), **scores)]


class Silent:
    """A system that does not answer."""

    def __getattr__(self, method: str) -> Any:
        async def refuse(*_args: Any, **_kwargs: Any) -> Any:
            raise Temporary("Kafka does not answer.")

        return refuse


class Ask(Inputs):
    """A release."""

    model: ModelName = "churn"


def judged_by(judge: JudgeSpec) -> Playbook:
    @playbook(title="Judged", risk="change")
    async def deploy_model(run: Run, ask: Ask) -> Card:
        return await _deploy(run, ask, judge)

    return deploy_model


async def _deploy(run: Run, ask: Ask, judge: JudgeSpec) -> Card:
    async with run.undo("restore", run.serving.change, "restore"):  # type: ignore[attr-defined]
        verdict = await run.judge(service(ask.model), "v2", by=judge, hold="20m", share=10)
        if not run.planning and not verdict.ok:
            raise Undecided(
                "Not promoted.", verdict.reason, verdict.decided, answered=verdict.decided.startswith("rolled")
            )
        await run.step("promote", run.serving.change, "promote")  # type: ignore[attr-defined]
    return Card(title="done", summary=verdict.decided)


class Site:
    """An engine with a run whose canary is being judged."""

    def __init__(self, folder: Path, judge: JudgeSpec | None = None, **ports: object) -> None:
        self.clock = VirtualClock(START)
        self.world = Traffic(self.clock)
        all_ports = dict.fromkeys(OBSERVED, self.world) | ports
        self.engine = SmallEngine(folder, [judged_by(judge or JudgeSpec())], self.clock, **all_ports)
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
    gate = await site.engine.asked(site.number)
    assert gate.kind == "verdict"
    assert "requests rule out +1." in gate.question
    assert "Promote it without that evidence, roll back, or hold 20 min longer?" in gate.question


async def test_while_it_is_held_the_card_says_what_the_verdict_would_be_now(site: Site) -> None:
    async def shown() -> str:
        return (await site.engine.run(site.number)).steps[0].detail

    await site.minutes(2)
    assert "canary requests so far, cannot tell yet, 18 min left" in await shown()
    site.world.errors, site.world.per_minute = 0.002, 3000
    await site.minutes(2)
    assert "canary requests so far, would pass now, 16 min left" in await shown()
    assert site.world.done == [], "what it would be decides nothing"


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


async def test_an_outage_of_metrics_at_the_end_of_a_hold_is_waited_out_and_told(site: Site) -> None:
    site.world.errors, site.world.per_minute = 0.002, 10 * PER_MINUTE
    await site.minutes(15)
    site.world.broken = True
    await site.minutes(10)
    told = "the hold is over and not decided, as it cannot be seen: Prometheus does not answer; waited for"
    record = await site.engine.until(site.number, lambda r: told in r.steps[0].detail)
    assert (record.status, site.world.done) == ("running", [])
    site.world.broken = False
    await site.minutes(2)
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("succeeded", ["promote"])
    assert site.clock.now() <= START + timedelta(minutes=30), "the hold was not begun anew"


async def test_an_outage_that_lasts_asks_a_person_and_promotes_nothing_by_itself(site: Site) -> None:
    site.world.broken = True
    await site.minutes(82)
    gate = await site.engine.asked(site.number)
    assert gate.kind == "verdict"
    assert "not enough evidence: error rate, latency p95, sample ratio not judged: Prometheus" in gate.question
    await site.decides("rejected")
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("rejected", ["restore"])


async def test_harm_that_is_seen_when_metrics_are_back_is_decisive_at_once(site: Site) -> None:
    site.world.broken = True
    await site.minutes(25)
    site.world.broken, site.world.errors = False, 0.3
    await site.minutes(2)
    record = await site.engine.finished(site.number)
    assert site.world.done == ["restore"]
    assert re.search(r"error rate (29|30)\b", record.error)


async def test_harm_in_the_scores_is_decisive_while_metrics_are_away(site: Site) -> None:
    site.world.broken, site.world.skewed = True, True
    await site.minutes(25)
    record = await site.engine.finished(site.number)
    assert site.world.done == ["restore"]
    assert "score PSI" in record.error


async def test_a_restart_in_an_outage_waits_on_and_not_anew(site: Site) -> None:
    site.world.broken = True
    await site.minutes(50)
    site.engine = await site.engine.restarted()
    await site.minutes(32)
    await site.engine.until(site.number, lambda r: r.status == "waiting")


@pytest.mark.parametrize("port", ["predictions", "outcomes"])
async def test_a_port_that_fails_takes_only_its_own_checks_with_it(tmp_path: Path, port: str) -> None:
    site = Site(tmp_path / "data", **{port: Silent()})
    site.world.errors, site.world.per_minute = 0.002, 10 * PER_MINUTE
    await site.begins()
    await site.minutes(15)
    site.world.errors = 0.3
    await site.minutes(5)
    record = await site.engine.finished(site.number)
    assert site.world.done == ["restore"]
    assert "error rate" in record.error
    await site.engine.stop()


async def test_a_company_with_metrics_alone_gets_a_verdict_on_requests_errors_and_latency(tmp_path: Path) -> None:
    lenient = JudgeSpec(must=("errors", "latency", "sample_ratio"), advisory=("scores", "value"))
    site = Site(tmp_path / "data", judge=lenient, predictions=NoPredictions(), outcomes=NoOutcomes())
    site.world.errors, site.world.per_minute = 0.002, 10 * PER_MINUTE
    await site.begins()
    await site.minutes(22)
    record = await site.engine.finished(site.number)
    assert (record.status, site.world.done) == ("succeeded", ["promote"])
    (kept,) = [e for e in await site.engine.core.ports.records.audit(limit=50) if e.kind == "verdict"]
    told = kept.detail["reason"]
    assert "error rate" in told and "latency p95" in told
    assert told.endswith("not judged: score distribution, business value")
    await site.engine.stop()


async def test_what_must_be_judged_and_is_not_known_asks_a_person(tmp_path: Path) -> None:
    site = Site(tmp_path / "data", predictions=NoPredictions(), outcomes=NoOutcomes())
    site.world.errors, site.world.per_minute = 0.002, 10 * PER_MINUTE
    await site.begins()
    await site.asked()
    gate = await site.engine.asked(site.number)
    assert "score distribution not judged: no data for scores of churn" in gate.question
    assert "BIZAIOPS_PREDICTIONS__KIND is none" in gate.question
    await site.engine.stop()
