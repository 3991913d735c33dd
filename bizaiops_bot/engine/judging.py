"""One look at a canary: reads both arms and has them compared."""

from __future__ import annotations

from datetime import datetime

from bizaiops_bot.domain.canary import CanaryLimits, assess_canary
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports import Metrics


async def assess(
    metrics: Metrics, model: str, version: str, began: datetime, limits: CanaryLimits, *, final: bool
) -> Verdict:
    """The verdict on `version` against the busiest other version since `began`; a monitoring failure is an ERROR,
    never a pass.
    """
    try:
        arms = await metrics.arms(model, began)
    except BotError as exc:
        return Verdict(outcome=Outcome.ERROR, reason=str(exc), checks=(), stable_requests=0, canary_requests=0)
    found: dict[str, ArmSample] = {} if isinstance(arms, NoData) else {arm.version: arm for arm in arms}
    stable = max((a for v, a in found.items() if v != version), key=lambda a: a.requests, default=None)
    return assess_canary(stable, found.get(version), limits, final=final)
