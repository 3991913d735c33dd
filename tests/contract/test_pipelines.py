"""What every Pipelines keeps: builds once per key, honest gates, packages that do not change."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.adapters.embedded.artifacts import load_model
from bizaiops_bot.adapters.embedded.churn import ChurnStream
from bizaiops_bot.adapters.embedded.demand import DemandStream
from bizaiops_bot.adapters.embedded.gate import GateLimits, assess_build
from bizaiops_bot.adapters.embedded.pipelines import EmbeddedPipelines
from bizaiops_bot.adapters.embedded.streams import CALM, Shift
from bizaiops_bot.adapters.embedded.telco_csv import TelcoStream
from bizaiops_bot.adapters.embedded.training import measure
from bizaiops_bot.domain.drift import Sketch, assess_drift
from bizaiops_bot.domain.errors import Conflict, NotEnoughData, NotFound, Permanent

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
        self.shift, self.live, self.words = CALM, 4000, list[str]()
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

    async def release(self, model: str, version: str, against: str = "v1"):  # type: ignore[no-untyped-def]
        build = await self.pipelines.build(model, version, key=f"{model}/{version}", progress=self.words.append)
        report = await self.pipelines.test(build, against=against, key="t")
        return report, await self.pipelines.package(build, key="p")


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
    assert any("training" in words for words in company.words)


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


async def test_a_known_key_returns_the_finished_build_without_training(fresh: Company) -> None:
    first = await fresh.pipelines.build("churn", "v2", key="run/2", progress=fresh.words.append)
    fresh.words.clear()
    assert await fresh.pipelines.build("churn", "v2", key="run/2", progress=fresh.words.append) == first
    assert fresh.words == []


async def test_a_build_that_was_cut_off_begins_again(fresh: Company, tmp_path: Path) -> None:
    first = await fresh.pipelines.build("churn", "v2", key="run/2", progress=fresh.words.append)
    (tmp_path / "churn" / first.artifact / "done.json").unlink()
    again = await fresh.restart(tmp_path).build("churn", "v2", key="run/2", progress=fresh.words.append)
    assert again.digest == first.digest


async def test_cancelling_a_build_ends_its_process(fresh: Company) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(fresh.pipelines.build("churn", "v2", key="c", progress=lambda words: started.set()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _children() == []


async def test_a_killed_trainer_is_told_and_the_next_try_works(fresh: Company) -> None:
    def kill(words: str) -> None:
        for child in _children():
            os.kill(child, signal.SIGKILL)

    with pytest.raises(Permanent, match="signal 9"):
        await fresh.pipelines.build("churn", "v2", key="k", progress=kill)
    assert (await fresh.pipelines.build("churn", "v2", key="k", progress=fresh.words.append)).train_rows > 10_000


async def test_a_trainer_that_fails_says_its_last_words(fresh: Company, tmp_path: Path) -> None:
    def spoil(words: str) -> None:
        for job in (tmp_path / "churn" / "jobs").glob("*/train.joblib"):
            job.write_bytes(b"no rows")

    fresh.pipelines._prepare = lambda folder, job, tables: (  # type: ignore[method-assign]
        EmbeddedPipelines._prepare(fresh.pipelines, folder, job, tables),
        spoil(""),
    )[0]
    with pytest.raises(Permanent, match=r"exit code 1: .*Error"):
        await fresh.pipelines.build("churn", "v2", key="f", progress=fresh.words.append)


async def test_an_unknown_version_or_model_names_near_ones(fresh: Company) -> None:
    with pytest.raises(NotFound, match="Did you mean v2"):
        await fresh.pipelines.build("churn", "v22", key="n", progress=fresh.words.append)
    with pytest.raises(NotFound, match="Did you mean churn"):
        await fresh.pipelines.candidates("churns")


async def test_a_packaged_version_never_changes(fresh: Company) -> None:
    build = await fresh.pipelines.build("churn", "v2", key="one", progress=fresh.words.append)
    first = await fresh.pipelines.package(build, key="p")
    assert await fresh.pipelines.package(build, key="p") == first
    fresh.pipelines.bad_release.add("churn")
    again = await fresh.pipelines.build("churn", "v2", key="two", progress=fresh.words.append)
    assert again.digest == first.digest
    with pytest.raises(Conflict, match="never changes"):
        await fresh.pipelines.package(build.model_copy(update={"digest": "0" * 64}), key="q")


async def test_the_version_of_the_start_can_be_deployed_again(fresh: Company) -> None:
    build = await fresh.pipelines.build("churn", "v1", key="back", progress=fresh.words.append)
    report = await fresh.pipelines.test(build, against="v1", key="t")
    package = await fresh.pipelines.package(build, key="p")
    assert report.passed
    assert package.digest == fresh.load("churn", "v1").digest


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
        build = await company.pipelines.retrain("churn", version, NOW, key=version, progress=company.words.append)
        report = await company.pipelines.test(build, against="v2", key="t")
        await company.pipelines.package(build, key="p")
        assert report.passed, report.reason
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
    assert version in [candidate.version for candidate in await company.pipelines.candidates("churn")]


async def test_a_retrained_version_is_known_after_a_restart(fresh: Company, tmp_path: Path) -> None:
    build = await fresh.pipelines.retrain("churn", "v4", NOW, key="r", progress=fresh.words.append)
    restarted = fresh.restart(tmp_path)
    assert [candidate.version for candidate in await restarted.candidates("churn")] == ["v1", "v2", "v3", "v4"]
    assert await restarted.build("churn", "v4", key="other", progress=fresh.words.append) == build
    await restarted.package(build, key="p")
    with pytest.raises(Conflict, match="v4 exists"):
        await restarted.retrain("churn", "v4", NOW, key="r2", progress=fresh.words.append)


async def test_too_few_labels_are_not_learned_from(fresh: Company) -> None:
    fresh.live = 100
    assert await fresh.pipelines.labelled_rows("churn", NOW - timedelta(hours=1)) == 100
    with pytest.raises(NotEnoughData, match="100 labelled rows"):
        await fresh.pipelines.retrain("churn", "v4", NOW, key="r", progress=fresh.words.append)


async def test_a_gate_against_a_version_that_is_not_there_says_so(fresh: Company) -> None:
    build = await fresh.pipelines.build("churn", "v1", key="b", progress=fresh.words.append)
    with pytest.raises(NotFound, match="v9"):
        await fresh.pipelines.test(build, against="v9", key="t")


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
    build = await company.pipelines.retrain("churn", "v4", NOW, key="r", progress=company.words.append)
    retrained = await company.pipelines.test(build, against="v2", key="t")
    assert retrained.passed, retrained.reason
    assert json.loads((tmp_path / "churn" / build.artifact / "done.json").read_text())["digest"] == build.digest


def _children() -> list[int]:
    """Trainer processes of this test run."""
    tasks = Path(f"/proc/{os.getpid()}/task")
    found = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    return [child for child in found if b"trainer" in Path(f"/proc/{child}/cmdline").read_bytes()]
