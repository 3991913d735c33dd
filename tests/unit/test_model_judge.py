"""Each model's canaries are judged by what its own file says: margins, hold, and what is a must."""

from __future__ import annotations

from pathlib import Path

import pytest

from bizaiops_bot.app.own_content import model_files, told
from bizaiops_bot.domain.canary import assess_canary
from bizaiops_bot.domain.foresight import foresee
from bizaiops_bot.domain.judge import CheckName, JudgeSpec
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.domain.yaml_files import Unusable
from tests.unit.test_canary_evidence import steady

# All that a Prometheus knows: requests, errors and latencies; no scores, no labels.
BARE = {
    "score_counts": (),
    "expected_score_shares": (),
    "value_n": 0,
    "value_sum": 0.0,
    "value_sumsq": 0.0,
}


def spec(folder: Path, text: str) -> ModelSpec:
    """Of models/fraud.yaml."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "fraud.yaml").write_text(text, encoding="utf-8")
    (found,) = told(model_files(folder, None), [])
    return found


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(Unusable) as refused:
        spec(folder, text)
    return refused.value.mistakes


def judged(judge: JudgeSpec, canary: ArmSample, stable: ArmSample) -> Verdict:
    return assess_canary(
        stable, canary, judge.limits, final=True, value_must=judge.value_must(None), advisory=judge.advisory
    )


def bare(version: str, requests: int, errors: int, **more: object) -> ArmSample:
    return steady(version, requests, errors, **(BARE | more))


# -- what the file says ------------------------------------------------------------------------------


def test_without_a_word_a_model_is_judged_like_every_other(tmp_path: Path) -> None:
    assert spec(tmp_path, "owner: risk\n").judge == JudgeSpec() == ModelSpec(name="fraud", title="fraud").judge


def test_hold_margins_and_evidence_are_the_models_own(tmp_path: Path) -> None:
    judge = spec(
        tmp_path, "judge: {hold: 2h, margins: {latency_p95_ratio: 1.2, value_drop: 0.05}, min_requests: 1000}\n"
    ).judge
    limits = judge.limits
    assert (judge.hold, limits.latency_p95_ratio, limits.value_drop, limits.min_requests) == ("2h", 1.2, 0.05, 1000)
    assert limits.error_rate_increase == JudgeSpec().limits.error_rate_increase


def test_the_service_level_of_a_canary_is_that_of_the_model(tmp_path: Path) -> None:
    limits = spec(tmp_path, "slo: {error_rate: 0.005, latency_p95_ms: 40}\n").judge.limits
    assert (limits.error_rate_slo, limits.latency_slo_ms) == (0.005, 40)


@pytest.mark.parametrize(
    ("text", "must", "advisory"),
    [
        ("advisory: [scores, value]", ("errors", "latency", "sample_ratio"), ("scores", "value")),
        ("must: [errors]", ("errors", "sample_ratio"), ("latency", "scores", "value")),
        (
            "must: [errors, latency, value]\n  advisory: [scores]",
            ("errors", "latency", "value", "sample_ratio"),
            ("scores",),
        ),
    ],
)
def test_what_one_list_leaves_out_is_in_the_other(
    tmp_path: Path, text: str, must: tuple[str, ...], advisory: tuple[str, ...]
) -> None:
    judge = spec(tmp_path, f"judge:\n  {text}\n").judge
    assert (judge.must, judge.advisory) == (must, advisory)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("must: [errors]\n  advisory: [errors]", "models/fraud.yaml:1: judge: errors is in must and in advisory"),
        (
            "must: [errors]\n  advisory: [scores]",
            "models/fraud.yaml:1: judge: latency is neither in must nor in advisory",
        ),
        ("advisory: [errors, latency, scores, value]", "at least one check has to be a must"),
        ("advisory: [sample_ratio]", "sample_ratio is never advice"),
        ("hold: 30s", "hold 30s is not between 1m and 7d"),
        ("hold: an hour", "models/fraud.yaml:2: judge.hold: String should match pattern"),
        ("must: [eror]", "Input should be 'errors', 'latency', 'scores', 'value' or 'sample_ratio'"),
        ("margin: {score_psi: 1}", "models/fraud.yaml:2: judge.margin: there is no such field; did you mean margins?"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    assert why in "; ".join(mistakes(tmp_path, f"judge:\n  {text}\n"))


# -- what the judge makes of it ----------------------------------------------------------------------


def test_a_perfect_canary_without_scores_and_labels_is_promoted_where_those_are_advice(tmp_path: Path) -> None:
    judge = spec(tmp_path, "judge: {advisory: [scores, value]}\n").judge
    verdict = judged(judge, bare("v2", 10_000, 20), bare("v1", 90_000, 180))
    assert verdict.outcome is Outcome.SUCCESSFUL
    assert "not judged: score distribution" in verdict.reason


def test_and_is_inconclusive_where_scores_are_a_must() -> None:
    verdict = judged(JudgeSpec(), bare("v2", 10_000, 20), bare("v1", 90_000, 180))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the canary's scores or their held-out shape are unknown" in verdict.reason


def test_a_must_without_labels_is_inconclusive(tmp_path: Path) -> None:
    judge = spec(tmp_path, "judge: {must: [errors, latency, value], advisory: [scores]}\n").judge
    verdict = judged(judge, bare("v2", 10_000, 20), bare("v1", 90_000, 180))
    assert verdict.outcome is Outcome.INCONCLUSIVE and "labels" in verdict.reason


@pytest.mark.parametrize(
    ("advisory", "harm"),
    [
        (("errors",), {"errors": 800}),
        (("scores", "value"), {"value_sum": 10.0 * 5_000}),
    ],
)
def test_harm_that_an_advisory_check_shows_fails_the_canary(
    advisory: tuple[CheckName, ...], harm: dict[str, float]
) -> None:
    judge = JudgeSpec(must=("latency", "sample_ratio"), advisory=advisory)
    canary = steady("v2", 10_000, 20).model_copy(update=harm)
    verdict = judged(judge, canary, steady("v1", 90_000, 180))
    assert verdict.outcome is Outcome.FAILED


def test_a_version_that_surely_misses_the_service_level_does_not_pass_as_advice() -> None:
    """Both versions err alike, so no rise is shown; three of a hundred are above the 2% that may be released."""
    judge = JudgeSpec(must=("latency", "sample_ratio"), advisory=("errors", "scores", "value"))
    verdict = judged(judge, steady("v2", 10_000, 300), steady("v1", 90_000, 2_700))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "above the service level of 2.0%, whatever the other version does" in verdict.reason


def test_a_tighter_margin_fails_what_every_other_model_would_let_through() -> None:
    strict = JudgeSpec(limits=JudgeSpec().limits.model_copy(update={"error_rate_increase": 0.001}))
    canary, stable = steady("v2", 10_000, 80), steady("v1", 90_000, 180)
    assert judged(JudgeSpec(), canary, stable).outcome is Outcome.SUCCESSFUL
    assert judged(strict, canary, stable).outcome is Outcome.FAILED


# -- what the plan says ------------------------------------------------------------------------------


def test_the_plan_says_what_this_models_hold_can_rule_out() -> None:
    judge = JudgeSpec(hold="3h", must=("errors", "sample_ratio"), advisory=("latency", "scores", "value"))
    seen = foresee(bare("v1", 21_600, 40), stable="v1", share=10, hold_min=180, judge=judge)
    assert seen.words.startswith("10% for 3 h is about 6,500 requests: can rule out errors +1.0 points (")
    assert "p95" not in seen.words.partition(";")[0]
    assert seen.words.endswith(
        "; advisory, not judged where it cannot be told: latency p95, score distribution, business value"
    )


def test_the_plan_says_when_a_must_can_never_be_shown() -> None:
    seen = foresee(bare("v1", 21_600, 40, latency=None), stable="v1", share=10, hold_min=30)
    assert "p95 x1.5 (not: no latencies are measured), score PSI 0.25 (not: no scores are measured)" in seen.words
    judge = JudgeSpec(must=("errors", "value", "sample_ratio"), advisory=("latency", "scores"))
    asked = foresee(bare("v1", 21_600, 40), stable="v1", share=10, hold_min=30, judge=judge)
    assert "is a must and this hold sees none, as no labels are known, so a person will be asked" in asked.words
