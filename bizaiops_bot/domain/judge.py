"""What the judge of a canary goes by, model by model: how long it looks, what must be shown, what is only advice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.monitoring import Outcome, Verdict
from bizaiops_bot.domain.values import Value

CheckName = Literal["errors", "latency", "scores", "value", "sample_ratio"]
CHECKS: tuple[CheckName, ...] = get_args(CheckName)
SPOKEN: dict[CheckName, str] = {
    "errors": "error rate",
    "latency": "latency p95",
    "scores": "score distribution",
    "value": "business value",
    "sample_ratio": "sample ratio",
}
"""As verdicts call them."""


class Unread(Value):
    """Why a check has nothing to go by. away: what it needs did not answer, so that it may later."""

    why: str
    away: bool = False


class JudgeSpec(Value):
    """How a canary of one model is judged.

    hold: at least so long, "30m". must: checks that have to rule their harm out, without evidence a person is asked.
    advisory: checks that are told as not judged where there is no evidence. Harm that is shown fails a canary in every
    check. `value` in neither of them is a must where the labels of the hold can show a drop within the margin.
    """

    hold: str = "30m"
    must: tuple[CheckName, ...] = ("errors", "latency", "scores", "sample_ratio")
    advisory: tuple[CheckName, ...] = ()
    limits: CanaryLimits = CanaryLimits()

    def value_must(self, planned: bool | None) -> bool | None:
        """Whether the business value is a must; planned: whether the plan said that the labels suffice."""
        return True if {"value"} & {*self.must, *self.advisory} else planned

    def spoken(self) -> str:
        """What differs from every model's judge: "must: error rate; p95 at most x1.2", "" for nothing."""
        return "; ".join(self._different())

    def _different(self) -> Iterator[str]:
        usual = JudgeSpec()
        if (self.must, self.advisory) != (usual.must, usual.advisory):
            yield f"must: {_names(self.must)}"
            if self.advisory:
                yield f"advisory: {_names(self.advisory)}"
        mine, theirs = self.limits, usual.limits
        if mine.error_rate_increase != theirs.error_rate_increase:
            yield f"errors at most {mine.error_rate_increase * 100:+.2f} points"
        if mine.error_rate_slo != theirs.error_rate_slo:
            yield f"error rate under {mine.error_rate_slo:.2%}"
        if mine.latency_p95_ratio != theirs.latency_p95_ratio:
            yield f"p95 at most x{mine.latency_p95_ratio:g}"
        if mine.latency_slo_ms != theirs.latency_slo_ms:
            yield f"p95 under {mine.latency_slo_ms:g} ms"
        if mine.score_psi != theirs.score_psi:
            yield f"score PSI at most {mine.score_psi:g}"
        if mine.value_drop != theirs.value_drop:
            yield f"value at most -{mine.value_drop:.0%}"


class Stage(Value):
    """One of the judgements of a rollout in steps: `number` of `of`.

    The last one has to rule harm out. Those before it only have to be seen without harm: that is what they are for, to
    keep what may be bad small while the evidence grows. further: percent that it gets next, once people have said so;
    None where nobody is asked.
    """

    number: int
    of: int
    share: int
    further: int | None = None

    @property
    def on_the_way(self) -> bool:
        return self.number < self.of

    def spoken(self) -> str:
        """ "5%, step 1 of 3" """
        return f"{self.share}%, step {self.number} of {self.of}"

    def shared(self, judge: JudgeSpec) -> JudgeSpec:
        """All steps together fail a harmless canary no more often than one judgement does."""
        limits = judge.limits
        return judge.model_copy(update={"limits": limits.model_copy(update={"alpha": limits.alpha / self.of})})

    def suffices(self, verdict: Verdict, judge: JudgeSpec) -> bool:
        """Whether what is not known for sure is enough to go on: clear harm would have been seen, and there is none,
        nor a likely one.
        """
        musts = [check for check in verdict.checks if check.must]
        enough = min(verdict.stable_requests, verdict.canary_requests) >= judge.limits.min_requests
        blind = any(check.suspected or (check.must and check.unread) for check in verdict.checks)
        return verdict.outcome is Outcome.INCONCLUSIVE and bool(musts) and enough and not blind


def _names(checks: tuple[CheckName, ...]) -> str:
    return ", ".join(SPOKEN[check] for check in checks)
