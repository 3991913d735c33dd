"""What a canary may cost, and how sure the judge has to be."""

from __future__ import annotations

from bizaiops_bot.domain.probability import normal_quantile
from bizaiops_bot.domain.values import Value

_FAILING_CHECKS = 4
_EARLY_LOOKS = 100
POWER_Z = normal_quantile(0.8)
"""A difference counts as detectable when it would be seen in 80 of 100 rollouts."""


class CanaryLimits(Value):
    """The margins of each check, the evidence it needs, and the chances of being wrong."""

    error_rate_increase: float = 0.01
    """Largest rise of the error rate over the stable arm, absolute: 0.01 is one percentage point."""
    error_rate_slo: float = 0.02
    """Service level: a version whose error rate may be above this is never released, whatever the other arm does."""
    latency_p95_ratio: float = 1.5
    """Largest p95 latency as a multiple of the stable arm's."""
    latency_floor_ms: float = 20.0
    """A p95 surely under this many milliseconds is always quick enough, whatever the ratio."""
    latency_slo_ms: float = 150.0
    """Service level: a version whose p95 may be above this many milliseconds is never released."""
    score_psi: float = 0.25
    """Largest PSI of the canary's live scores against its own held-out scores, sampling bias taken off."""
    value_drop: float = 0.1
    """Largest relative drop of the business value per request, 0.1 is 10% of the stable arm's mean."""
    min_requests: int = 200
    """Requests each arm needs before anything but clear errors is judged."""
    min_labelled: int = 100
    """Labelled requests each arm needs before the business value is judged."""
    min_measured: float = 0.9
    """Share of the answered requests whose latency and score must be known; a p95 of the few that are says nothing
    about the others.
    """
    alpha: float = 0.05
    """Chance that a harmless canary is failed, over all checks and all looks together."""
    pass_alpha: float = 0.05
    """Chance that a canary as bad as a limit allows is passed, over all ends together; no share for each check, as
    all of them must pass.
    """
    ratio_alpha: float = 0.001
    """A split of the requests that is less likely than this is not the one that was asked for."""

    @property
    def check_alpha(self) -> float:
        """The share of `alpha` one check may spend (Bonferroni)."""
        return self.alpha / _FAILING_CHECKS

    def check_z(self, *, final: bool) -> float:
        """Band in which a check without a sequential test of its own fails, one-sided.

        Half of its alpha is split over 100 early looks, about 3.8 sd; the other half is for the last one, about 2.5 sd.
        """
        return normal_quantile(1.0 - self.check_alpha / (2.0 if final else 2.0 * _EARLY_LOOKS))

    def pass_z(self, ends: int) -> float:
        """Band inside which a check passes at one of `ends` ends, one-sided: 95% for one, 97.5% for two."""
        return normal_quantile(1.0 - self.pass_alpha / ends)

    def score_z(self, ends: int) -> float:
        """As `pass_z`, for PSI: its spread is underestimated where it is large, so half of the alpha is kept back."""
        return normal_quantile(1.0 - self.pass_alpha / (2.0 * ends))

    def ratio_z(self, *, final: bool) -> float:
        """How far the canary's share of the requests may be off, two-sided, in sd."""
        return normal_quantile(1.0 - self.ratio_alpha / (2.0 if final else 4.0 * _EARLY_LOOKS))
