"""The plan that somebody's next words disown is closed, where everybody sees it."""

from __future__ import annotations

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.routing import Command, Decision
from bizaiops_bot.engine.api.controls import EngineControls
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.router.taking_back import DISOWNS


async def take_back(core: Core, controls: EngineControls, actor: str, decision: Decision) -> str:
    """Cancels the waiting run that `decision` disowns, and tells so; "" when there is none.

    A change takes its place in one transaction with its own beginning, and is left to that.
    """
    number = decision.heard.get(DISOWNS)
    if number is None or (isinstance(decision, Command) and core.playbooks.get(decision.playbook).risk == "change"):
        return ""
    try:
        await controls.cancel(number, actor=actor)
    except BotError as exc:
        return str(exc)
    return f"Run {number} is cancelled: it was not what you meant."
