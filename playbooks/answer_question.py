"""One question over what the bot knows: records, metrics, KPIs, policy and rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bizaiops_bot.playbook import Card, Inputs, Inquiry, Run, playbook
from playbooks._asked import until_now
from playbooks._asked_alerts import of_alerts
from playbooks._asked_approvals import of_approvals
from playbooks._asked_kpis import of_kpis
from playbooks._asked_models import of_models
from playbooks._asked_releases import of_releases
from playbooks._asked_rules import of_costs, of_freezes, of_people, of_rules
from playbooks._asked_runs import of_runs
from playbooks._asked_versions import of_versions

ANSWERS: dict[str, Callable[[Run, Inquiry], Awaitable[Card]]] = {
    "release": of_releases,
    "run": of_runs,
    "approval": of_approvals,
    "alert": of_alerts,
    "model": of_models,
    "version": of_versions,
    "kpi": of_kpis,
    "freeze": of_freezes,
    "rule": of_rules,
    "person": of_people,
    "cost": of_costs,
}


class AnswerQuestion(Inquiry, Inputs):
    """Answer a question about releases, runs, approvals, alerts, models, versions, KPIs, freezes, rules or costs."""


@playbook(title="Answer a question", risk="read")
async def answer_question(run: Run, ask: AnswerQuestion) -> Card:
    window = await until_now(run, ask.window)
    return await ANSWERS[ask.subject](run, ask.model_copy(update={"window": window}))
