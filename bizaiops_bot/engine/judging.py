"""One look at a canary: reads both arms and has them compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bizaiops_bot.domain.canary import CanaryLimits, assess_canary
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports import Metrics


@dataclass(frozen=True)
class Comparison:
    """What is judged. began: counted since then. share, value_must: as in `Run.judge`.

    before: what the stable version did before, where the canary has all requests; None compares it with the busiest
    other version in the same minutes.
    """

    model: str
    version: str
    began: datetime
    limits: CanaryLimits
    share: int | None = None
    value_must: bool | None = None
    before: ArmSample | None = None


async def assess(metrics: Metrics, compared: Comparison, *, final: bool, ends: int) -> Verdict:
    """The verdict now; a monitoring failure is an ERROR, never a pass. final, ends: as in `assess_canary`."""
    try:
        arms = await metrics.arms(compared.model, compared.began)
    except BotError as exc:
        return Verdict(outcome=Outcome.ERROR, reason=str(exc), checks=(), stable_requests=0, canary_requests=0)
    found: dict[str, ArmSample] = {} if isinstance(arms, NoData) else {arm.version: arm for arm in arms}
    others = (arm for version, arm in found.items() if version != compared.version)
    stable = compared.before or max(others, key=lambda arm: arm.requests, default=None)
    return assess_canary(
        stable, found.get(compared.version), compared.limits, final=final, ends=ends,
        share=None if compared.before else compared.share, value_must=compared.value_must,
    )  # fmt: skip
