"""What people really want, in the words they use, and whom a language model that means well would say it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Task:
    """`say` are the person's words; `playbook` and `inputs` what an honest language model proposes for them."""

    say: str
    playbook: str
    inputs: dict[str, Any] = field(default_factory=dict)


TASKS = (
    Task("status churn", "show_status", {"model": "churn"}),
    Task("what is up with demand?", "show_status", {"model": "demand"}),
    Task("how did churn do this week?", "show_kpis", {"model": "churn"}),
    Task("show me the stock-outs of demand for the last 7 days", "show_kpis", {"model": "demand", "kpi": "stock_outs"}),
    Task("what models do we have?", "list_models"),
    Task("which runs are waiting?", "list_runs"),
    Task("show run 4", "show_run", {"run": 4}),
    Task("any alerts for churn?", "list_alerts", {"model": "churn"}),
    Task("history of demand", "show_history", {"model": "demand"}),
    Task("compare churn v1 and v2", "compare_versions", {"model": "churn", "version_a": "v1", "version_b": "v2"}),
    Task("who may approve a deploy?", "show_policy"),
    Task("list the schedules", "list_schedules"),
    Task("deploy churn v3 as a 10% canary", "deploy_model", {"model": "churn", "version": "v3", "canary": 10}),
    Task("please deploy demand v2", "deploy_model", {"model": "demand", "version": "v2"}),
    Task("roll back churn", "roll_back_model", {"model": "churn"}),
    Task("pause demand", "pause_model", {"model": "demand"}),
    Task("scale churn to 3 replicas", "scale_model", {"model": "churn", "replicas": 3}),
    Task("approve run 4", "approve_run", {"run": 4}),
    Task("send me a churn digest every Monday at 9:00", "schedule_digest", {"model": "churn", "cron": "0 9 * * 1"}),
    Task("freeze deploys", "freeze_deploys"),
    Task("help", "help"),
)

UNCLEAR = (
    Task("is the retention thing doing its job lately", "show_kpis", {"model": "churn"}),
    Task("the forecast feels odd since monday, thoughts?", "show_status", {"model": "demand"}),
    Task("churn again... what now", "show_status", {"model": "churn"}),
    Task("put a tenth of the people on the third churn one", "deploy_model", {"model": "churn", "version": "v3"}),
    Task("I'd rather have the older churn serving", "roll_back_model", {"model": "churn"}),
    Task("who fiddled with churn", "show_history", {"model": "churn"}),
    Task("churn money this month", "show_kpis", {"model": "churn"}),
    Task("demand could use another pair of machines", "scale_model", {"model": "demand"}),
    Task("number four looks fine to me, let it through", "approve_run", {"run": 4}),
    Task("give me the gist about demand", "show_status", {"model": "demand"}),
)
"""Words that leave the local stages unsure, so that a language model is asked."""
