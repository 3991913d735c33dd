"""The quality gate: is a build at least as good as the version it would replace, on the same held-out rows?"""

from __future__ import annotations

from bizaiops_bot.domain.models import GateCheck
from bizaiops_bot.domain.values import Value


class GateLimits(Value):
    """How much worse than the champion a build may be."""

    min_rows: int = 200
    """Held-out rows below which no build passes: the numbers would be mostly noise."""
    auc_margin: float = 0.010
    """AUC may be this much lower."""
    auc_noise: float = 1.64
    """Or by this many standard errors of the difference, where few held-out rows make that more than `auc_margin`."""
    brier_margin: float = 0.010
    """Brier score (mean squared error of the probability) may be this much higher."""
    wape_ratio: float = 1.02
    """WAPE may be this many times the champion's."""
    bias: float = 0.10
    """Total forecast may be this share above or below the total demand, or as far as the champion's."""


Metrics = dict[str, float]


def assess_build(
    kind: str, rows: int, build: Metrics, champion: Metrics, against: str, limits: GateLimits, *, auc_se: float = 0.0
) -> tuple[GateCheck, ...]:
    """Every check with its numbers; `champion` was measured on the same `rows`.

    auc_se: standard error of the difference of the two AUCs, 0 counts the fixed margin alone.
    """
    checks = (
        _classification(build, champion, against, limits, auc_se)
        if kind == "classification"
        else _forecast(build, champion, against, limits)
    )
    return (_rows(rows, limits), *checks)


def _rows(rows: int, limits: GateLimits) -> GateCheck:
    passed = rows >= limits.min_rows
    reason = f"{rows:,} held-out rows {'>=' if passed else '<'} {limits.min_rows:,}"
    return GateCheck(
        name="held-out rows", passed=passed, actual=rows, limit=limits.min_rows, unit="rows", reason=reason
    )


def _classification(
    build: Metrics, champion: Metrics, against: str, limits: GateLimits, auc_se: float
) -> tuple[GateCheck, ...]:
    noise = limits.auc_noise * auc_se
    margin = max(limits.auc_margin, noise)
    floor, ceiling = champion["auc"] - margin, champion["brier"] + limits.brier_margin
    few = f", {limits.auc_noise:g} standard errors" if noise > limits.auc_margin else ""
    auc_why = f"({against} {champion['auc']:.3f} - {margin:.3f}{few})"
    brier_why = f"({against} {champion['brier']:.3f} + {limits.brier_margin:.3f})"
    return (_at_least("AUC", build["auc"], floor, auc_why), _at_most("Brier score", build["brier"], ceiling, brier_why))


def _forecast(build: Metrics, champion: Metrics, against: str, limits: GateLimits) -> tuple[GateCheck, ...]:
    ceiling = champion["wape"] * limits.wape_ratio
    allowed = max(limits.bias, abs(champion["bias"]))
    wape_why = f"({against} {champion['wape']:.3f} x {limits.wape_ratio:.2f})"
    bias_why = f"of the demand (forecast {build['bias']:+.1%}, {against} {champion['bias']:+.1%})"
    return (_at_most("WAPE", build["wape"], ceiling, wape_why), _at_most("Bias", abs(build["bias"]), allowed, bias_why))


def _at_least(name: str, actual: float, limit: float, why: str) -> GateCheck:
    passed = actual >= limit
    reason = f"{name} {actual:.3f} {'>=' if passed else '<'} {limit:.3f} {why}"
    return GateCheck(name=name, passed=passed, actual=actual, limit=limit, reason=reason)


def _at_most(name: str, actual: float, limit: float, why: str) -> GateCheck:
    passed = actual <= limit
    reason = f"{name} {actual:.3f} {'<=' if passed else '>'} {limit:.3f} {why}"
    return GateCheck(name=name, passed=passed, actual=actual, limit=limit, reason=reason)
