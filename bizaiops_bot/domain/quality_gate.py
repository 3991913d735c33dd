"""The quality gate by numbers alone: metrics that a registry has of two versions, whoever measured them."""

from __future__ import annotations

from collections.abc import Mapping

from bizaiops_bot.domain.models import GateCheck, GateReport

LOWER_IS_BETTER = frozenset({"wape", "mape", "mae", "rmse", "brier", "log_loss", "ece"})
HIGHER_IS_BETTER = frozenset({"auc", "roc_auc", "pr_auc", "accuracy", "f1", "precision", "recall", "r2", "ndcg"})
MARGIN = 0.010
"""How much worse a share may be, such as an AUC or a Brier score."""
RATIO = 1.02
"""How many times the error may be that counts in units or percent."""
_SHARES = HIGHER_IS_BETTER | {"brier", "ece"}


def assess_gate(
    model: str, version: str, against: str, metrics: Mapping[str, float], champion: Mapping[str, float]
) -> GateReport:
    """Whether `version` is at least as good as `against`, by each metric that both have and whose better side is known.

    Without one in common there are no checks, and nothing is passed. The rows are not known, so the margins are fixed.
    """
    both = sorted(name for name in metrics.keys() & champion.keys() if _known(name))
    checks = tuple(_check(name, metrics[name], champion[name], against) for name in both)
    return GateReport(model=model, version=version, against=against, checks=checks, metrics=dict(metrics))


def _known(name: str) -> bool:
    return name.lower() in HIGHER_IS_BETTER | LOWER_IS_BETTER


def _check(name: str, actual: float, before: float, against: str) -> GateCheck:
    if name.lower() in HIGHER_IS_BETTER:
        limit, passed = before - MARGIN, actual >= before - MARGIN
        why = f"({against} {before:.3f} - {MARGIN:.3f})"
        return _made(name, actual, limit, passed, ">=" if passed else "<", why)
    if name.lower() in _SHARES:
        limit, why = before + MARGIN, f"({against} {before:.3f} + {MARGIN:.3f})"
    else:
        limit, why = before * RATIO, f"({against} {before:.3f} x {RATIO:.2f})"
    passed = actual <= limit  # a number that is none is on no side
    return _made(name, actual, limit, passed, "<=" if passed else ">", why)


def _made(name: str, actual: float, limit: float, passed: bool, sign: str, why: str) -> GateCheck:
    reason = f"{name} {actual:.3f} {sign} {limit:.3f} {why}"
    return GateCheck(name=name, passed=passed, actual=actual, limit=limit, reason=reason)
