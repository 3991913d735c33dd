"""The embedded company's pipelines beyond their promises: what they learn, what they catch, how a trainer ends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.domain.builds import BuildOrder, BuildRef, BuildState
from bizaiops_bot.domain.drift import Sketch, assess_drift
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.models import GateReport, Package
from bizaiops_bot.embedded.business.churn import ChurnStream
from bizaiops_bot.embedded.business.demand import DemandStream
from bizaiops_bot.embedded.business.streams import CALM, Shift
from bizaiops_bot.embedded.business.telco_csv import TelcoStream
from bizaiops_bot.embedded.training.artifacts import load_model
from bizaiops_bot.embedded.training.gate import GateLimits, assess_build
from bizaiops_bot.embedded.training.pipelines import EmbeddedPipelines
from bizaiops_bot.embedded.training.training import measure
from tests.contract.stands.embedded_pipelines import EmbeddedPipelinesStand

NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
REAL_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "churn" / "Telco-Customer-Churn.csv"


class StandingClock:
    def now(self) -> datetime:
        return NOW

    async def sleep_until(self, when: datetime) -> None:
        raise AssertionError("pipelines never wait for the world")


class Company:
    """Pipelines with a live world whose rows can shift."""

    def __init__(self, folder: Path, churn: ChurnStream | TelcoStream | None = None) -> None:
        self.streams = {"churn": churn or ChurnStream(3), "demand": DemandStream(3)}
        self.shift, self.live = CALM, 4000
        self.pipelines = self.restart(folder)

    def restart(self, folder: Path) -> EmbeddedPipelines:
        return EmbeddedPipelines(folder, self.streams, StandingClock(), self.live_rows)

    def live_rows(self, model: str, since: datetime) -> pd.DataFrame:
        rows, _, _ = self.requests(model, self.live)
        return rows

    def requests(
        self, model: str, rows: int, version: str | None = None
    ) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
        """Requests as they are now, the version's scores (or zeros), and what happens then."""
        rng, stream = np.random.default_rng(8), self.streams[model]
        frame = stream.draw(rng, rows, NOW, self.shift)
        scores = np.zeros(rows) if version is None else self.load(model, version).predict(frame)
        outcome = stream.outcome(rng, frame, scores, self.shift)
        frame["label"] = outcome["label"]
        frame["at"] = NOW
        return frame, scores, outcome

    def load(self, model: str, version: str):  # type: ignore[no-untyped-def]
        return load_model(self.pipelines.artifact_folder(model, version))

    async def build(self, order: BuildOrder, key: str) -> BuildState:
        """Until it is over."""
        return await self.over(await self.pipelines.start(order, key=key))

    async def at(self, build: BuildRef, stage: str) -> None:
        """Until it is at that stage."""
        await self.until(build, lambda state: state.stage is not None and state.stage.name == stage)

    def words_of(self, build: BuildRef, folder: Path) -> str:
        model, _, job = build.id.partition("/")
        return (folder / model / "jobs" / job / "build.log").read_text(encoding="utf-8")

    async def over(self, build: BuildRef) -> BuildState:
        return await self.until(build, lambda state: state.over)

    async def until(self, build: BuildRef, ready: Callable[[BuildState], bool]) -> BuildState:
        for _ in range(12_000):
            state = await self.pipelines.state(build)
            assert isinstance(state, BuildState)
            if ready(state):
                return state
            await asyncio.sleep(0.01)
        raise AssertionError(state)

    async def release(self, model: str, version: str, against: str = "v1") -> tuple[GateReport, Package]:
        order = BuildOrder(model=model, version=version, against=against)
        state = await self.build(order, f"{model}/{version}")
        assert state.report is not None and state.package is not None, state
        return state.report, state.package


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(tmp_path_factory.mktemp("company"))
    for model in made.streams:
        made.pipelines.initial(model)
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Company]:
    made = Company(tmp_path)
    made.pipelines.initial("churn")
    yield made


async def test_the_better_version_passes_the_gate_with_numbers(company: Company) -> None:
    for model, name in (("churn", "AUC"), ("demand", "WAPE")):
        report, package = await company.release(model, "v2")
        assert report.passed, report.reason
        check = next(check for check in report.checks if check.name == name)
        assert f"{check.actual:.3f}" in check.reason and f"{check.limit:.3f}" in check.reason and "v1" in check.reason
        assert report.holdout_rows > 2000
        assert package.digest == company.load(model, "v2").digest


async def test_boosting_beats_the_baseline_clearly_on_live_rows(company: Company) -> None:
    await company.release("churn", "v2")
    found = {}
    for version in ("v1", "v2"):
        rows, scores, _ = company.requests("churn", 6000, version)
        found[version] = measure("classification", rows["label"].to_numpy(), scores)["auc"]
    assert found["v2"] > found["v1"] + 0.04


async def test_a_bad_release_passes_the_gate_and_shows_itself_live(company: Company) -> None:
    for model in ("churn", "demand"):
        report, _ = await company.release(model, "v3")
        assert report.passed, report.reason
        await company.release(model, "v2")
        served = company.load(model, "v3")
        _, scores, outcome = company.requests(model, 4000, "v3")
        shares, expected = served.score_counts(scores) / 4000, np.array(served.expected_score_shares)
        assert 0.5 * np.abs(shares - expected).sum() > 0.15
        assert outcome["value"].mean() < 0.6 * company.requests(model, 4000, "v2")[2]["value"].mean()


async def test_held_out_scores_of_a_good_version_look_like_live_ones(company: Company) -> None:
    await company.release("churn", "v2")
    served = company.load("churn", "v2")
    rows, scores, _ = company.requests("churn", 4000, "v2")
    shares = served.score_counts(scores) / 4000
    assert 0.5 * np.abs(shares - np.array(served.expected_score_shares)).sum() < 0.06
    columns = {**{name: rows[name].to_numpy() for name in rows.columns}, "score": scores}
    report = assess_drift(served.reference, Sketch.empty(served.reference).fold(columns))
    assert [feature.name for feature in report if feature.drifted or feature.missing] == []


V2 = BuildOrder(model="churn", version="v2", against="v1")


async def test_a_build_that_was_cut_off_in_its_training_goes_on_from_its_rows(fresh: Company, tmp_path: Path) -> None:
    # given a build whose process ends while it trains
    build = await fresh.pipelines.start(V2, key="run/2")
    await fresh.at(build, "train")
    await fresh.pipelines.leave()
    assert _children() == []
    assert isinstance(cut := await fresh.pipelines.state(build), BuildState) and cut.phase == "running"

    # when the next process is asked for it, whose next builds go wrong
    fresh.pipelines = fresh.restart(tmp_path)
    fresh.pipelines.bad_release.add("churn")
    state = await fresh.over(build)

    # then it comes to its end with the rows that it had
    assert state.phase == "succeeded" and state.package is not None
    assert fresh.words_of(build, tmp_path).count("rows to learn from") == 1
    fresh.pipelines.bad_release.clear()
    other = Company(tmp_path / "other")
    other.pipelines.initial("churn")
    assert (await other.build(V2, "k")).package.digest == state.package.digest  # type: ignore[union-attr]


async def test_a_build_that_is_stopped_ends_its_process(fresh: Company) -> None:
    build = await fresh.pipelines.start(V2, key="c")
    await fresh.at(build, "train")
    assert len(_children()) == 1

    state = await fresh.pipelines.stop(build, key="c/undo")

    assert state.phase == "stopped" and [s.phase for s in state.stages] == [
        "succeeded",
        "stopped",
        "skipped",
        "skipped",
    ]
    assert _children() == []
    assert (await fresh.build(V2, "d")).phase == "succeeded"


async def test_of_two_builds_of_a_model_the_second_queues_and_those_of_others_do_not(fresh: Company) -> None:
    fresh.pipelines.initial("demand")
    first, second = [await fresh.pipelines.start(V2, key=key) for key in "ab"]
    other = await fresh.pipelines.start(BuildOrder(model="demand", version="v2", against="v1"), key="c")

    await fresh.at(first, "train")
    waiting, beside = await fresh.pipelines.state(second), await fresh.pipelines.state(other)

    assert isinstance(waiting, BuildState) and (waiting.phase, waiting.before) == ("queued", 1)
    assert waiting.spoken() == "queued, 1 before it"
    assert isinstance(beside, BuildState) and beside.phase == "running"
    assert {(await fresh.over(build)).phase for build in (first, second, other)} == {"succeeded"}


async def test_a_killed_trainer_is_told_and_the_next_build_works(fresh: Company) -> None:
    build = await fresh.pipelines.start(V2, key="k")
    await fresh.at(build, "train")
    for _ in range(500):
        if _children():
            break
        await asyncio.sleep(0.01)
    for child in _children():
        os.kill(child, signal.SIGKILL)

    state = await fresh.over(build)

    assert state.phase == "failed" and "signal 9" in state.problem and state.stage is not None
    assert state.stage.name == "train"
    done = await fresh.build(V2, "l")
    assert done.package is not None and "rows in" in str(await fresh.pipelines.log(done.ref, stage="train"))


async def test_a_disk_that_takes_nothing_is_told_and_the_next_try_works(tmp_path: Path) -> None:
    stand = EmbeddedPipelinesStand(tmp_path)
    order = BuildOrder(model="churn", version="v2")
    versions, away = tmp_path / "churn" / "versions", tmp_path / "churn" / "away"
    versions.rename(away)
    versions.write_text("in the way")

    state = await stand.over(await stand.port.start(order, key="k"))

    assert state.phase == "failed" and "could not be written. Not a directory" in state.problem
    versions.unlink()
    away.rename(versions)
    assert (await stand.over(await stand.port.start(order, key="l"))).phase == "succeeded"


async def test_a_gate_that_says_no_packages_nothing_and_keeps_its_numbers(
    fresh: Company,
) -> None:
    fresh.pipelines._workshop._limits = GateLimits(min_rows=1_000_000)

    state = await fresh.build(V2, "g")

    assert state.phase == "failed" and state.package is None
    assert state.report is not None and not state.report.passed and state.report.reason in state.problem
    assert [s.phase for s in state.stages] == ["succeeded", "succeeded", "failed", "skipped"]
    assert not fresh.pipelines.artifact_folder("churn", "v2").exists()


async def test_a_bad_release_does_not_change_what_is_packaged(fresh: Company) -> None:
    first = await fresh.build(V2, "one")
    fresh.pipelines.bad_release.add("churn")
    again = await fresh.build(V2, "two")
    assert first.package is not None and again.package == first.package


async def test_a_bad_release_can_be_brought_about(fresh: Company) -> None:
    fresh.pipelines.bad_release.add("churn")
    report, _ = await fresh.release("churn", "v2")
    assert report.passed
    rows, scores, _ = fresh.requests("churn", 4000, "v2")
    assert measure("classification", rows["label"].to_numpy(), scores)["auc"] < report.metrics["auc"] - 0.08


async def test_files_that_were_changed_are_not_loaded(fresh: Company) -> None:
    folder = fresh.pipelines.artifact_folder("churn", "v1")
    digest = load_model(folder).digest
    estimator = folder / "model.joblib"
    estimator.write_bytes(estimator.read_bytes() + b"x")
    with pytest.raises(Permanent, match="SHA-256"):
        load_model(folder, digest)


@pytest.mark.parametrize("shift", [Shift(covariate=True), Shift(concept=True)], ids=["covariate", "concept"])
async def test_retraining_after_a_change_repairs_and_closes_the_drift(
    company: Company, shift: Shift, tmp_path: Path
) -> None:
    await company.release("churn", "v2")
    version = f"v{20 + shift.concept}"
    company.shift = shift
    try:
        state = await company.build(BuildOrder(model="churn", version=version, against="v2", since=NOW), version)
        assert state.phase == "succeeded", state.problem
        quality = {}
        for served in ("v2", version):
            rows, scores, _ = company.requests("churn", 4000, served)
            quality[served] = measure("classification", rows["label"].to_numpy(), scores)
        assert quality[version]["brier"] < quality["v2"]["brier"]
        columns = {**{name: rows[name].to_numpy() for name in rows.columns}, "score": scores}
        reference = company.load("churn", version).reference
        assert not any(feature.drifted for feature in assess_drift(reference, Sketch.empty(reference).fold(columns)))
    finally:
        company.shift = CALM
    assert version in [one.version for one in await company.pipelines.buildable("churn")]


def test_an_answer_takes_missing_and_unknown_values(company: Company) -> None:
    for model, stream in company.streams.items():
        rows = stream.draw(np.random.default_rng(1), 50, NOW, CALM)
        for feature in stream.features:
            rows[feature.name] = np.nan if feature.kind == "number" else "never seen"
        scores = company.load(model, "v1").predict(rows)
        assert scores.shape == (50,) and np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("build", "auc_se", "passed", "words"),
    [
        ({"auc": 0.861, "brier": 0.11}, 0.0, True, "AUC 0.861 >= 0.802 (v1 0.812 - 0.010)"),
        ({"auc": 0.801, "brier": 0.11}, 0.0, False, "AUC 0.801 < 0.802 (v1 0.812 - 0.010)"),
        ({"auc": 0.801, "brier": 0.11}, 0.01, True, "AUC 0.801 >= 0.796 (v1 0.812 - 0.016, 1.64 standard errors)"),
        ({"auc": 0.861, "brier": 0.15}, 0.0, False, "Brier score 0.150 > 0.140 (v1 0.130 + 0.010)"),
    ],
)
def test_the_gate_compares_with_the_version_in_production(
    build: dict[str, float], auc_se: float, passed: bool, words: str
) -> None:
    checks = assess_build(
        "classification", 3000, build, {"auc": 0.812, "brier": 0.13}, "v1", GateLimits(), auc_se=auc_se
    )
    assert all(check.passed for check in checks) is passed
    assert words in [check.reason for check in checks]


@pytest.mark.parametrize(
    ("build", "rows", "failed"),
    [
        ({"wape": 0.24, "bias": 0.02}, 3000, []),
        ({"wape": 0.32, "bias": 0.02}, 3000, ["WAPE"]),
        ({"wape": 0.24, "bias": -0.3}, 3000, ["Bias"]),
        ({"wape": 0.24, "bias": 0.02}, 50, ["held-out rows"]),
    ],
)
def test_the_gate_of_a_forecast_looks_at_error_bias_and_rows(
    build: dict[str, float], rows: int, failed: list[str]
) -> None:
    checks = assess_build("forecast", rows, build, {"wape": 0.3, "bias": 0.01}, "v1", GateLimits())
    assert [check.name for check in checks if not check.passed] == failed


@pytest.mark.skipif(not REAL_FILE.exists(), reason="the file of real customers is not here")
async def test_the_whole_way_works_on_real_customers(tmp_path: Path) -> None:
    company = Company(tmp_path, TelcoStream(REAL_FILE, 3))
    company.pipelines.initial("churn")
    report, _ = await company.release("churn", "v2")
    assert report.passed, report.reason
    assert report.metrics["auc"] > 0.8
    company.shift = Shift(covariate=True)
    retrained = await company.build(BuildOrder(model="churn", version="v4", against="v2", since=NOW), "r")
    assert retrained.phase == "succeeded", retrained.problem


def _children() -> list[int]:
    """Trainer processes of this test run."""
    tasks = Path(f"/proc/{os.getpid()}/task")
    found = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    return [child for child in found if b"trainer" in Path(f"/proc/{child}/cmdline").read_bytes()]
