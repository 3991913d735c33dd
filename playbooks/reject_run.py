"""Reject a waiting run."""

from pydantic import Field

from bizaiops_bot.playbook import Card, FreeText, Inputs, Run, RunNumber, playbook
from playbooks._decide import decide


class RejectRun(Inputs):
    """Say no to a waiting run; it ends and nothing is changed."""

    run: RunNumber = Field(description="the number of the run")
    reason: FreeText | None = Field(None, description="why, for the audit")


@playbook(title="Reject a run", risk="control")
async def reject_run(run: Run, ask: RejectRun) -> Card:
    return await decide(run, ask.run, "rejected", ask.reason)
