"""Approve a waiting run."""

from pydantic import Field

from bizaiops_bot.playbook import Card, FreeText, Inputs, Run, RunNumber, playbook
from playbooks._decide import decide


class ApproveRun(Inputs):
    """Agree to a waiting run; never your own, and one rejection of anybody ends it."""

    run: RunNumber = Field(description="the number of the run")
    reason: FreeText | None = Field(None, description="why, for the audit")


@playbook(title="Approve a run", risk="control")
async def approve_run(run: Run, ask: ApproveRun) -> Card:
    return await decide(run, ask.run, "approved", ask.reason)
