"""Whether changes are frozen, and by what. The words follow "changes are"."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.domain.environments import parted
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.timing import timers


def why(core: Core, conn: sa.Connection, model: str | None = None) -> str | None:
    """Why no change of the model may begin now: somebody froze them, else a window of the calendar is open; None
    when one may. model: a service, "churn" or "churn in staging", which an environment's freeze holds too; None for a
    change of any.
    """
    return by_hand(core, conn, model) or core.freezes.active(core.clock.now())


def by_hand(core: Core, conn: sa.Connection, model: str | None = None) -> str | None:
    """Who froze changes, until when and why: what `unfreeze deploys` ends. Of several, what ends last."""
    here = {None, model} if model is None else {None, model, parted(model)[1] or core.environments.default.name}
    found = [f for f in timers.freezes(conn, core.clock.now()) if f.holds and f.model in here]
    ends = sorted(found, key=lambda f: (f.ends is None, f.ends))
    return ends[-1].frozen if ends else None
