"""End an A/B test before its time."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Card,
    EnvironmentName,
    Inputs,
    ModelName,
    Run,
    Text,
    playbook,
    spoken_service,
)
from playbooks._ab_test import STEP, running_test


class EndAbTest(Inputs):
    """End an A/B test now; the version that was stable before gets everything again."""

    model: ModelName | None = Field(None, description="the model; the test that is under way if left out")
    environment: EnvironmentName | None = Field(None, description="the environment; the default one if left out")


@playbook(title="End an A/B test", risk="control", safety=True)
async def end_ab_test(run: Run, ask: EndAbTest) -> Card:
    found = await running_test(run, ask.model, ask.environment)
    if found is None:
        of = f" of {ask.model}" if ask.model else ""
        raise BadInput(f"No A/B test{of} is under way.", do="Type `list runs`.")
    step = next((s for s in found.steps if s.name == STEP), None)
    await run.step("cancel", run.controls.cancel, found.id, actor=run.actor.id)
    called = spoken_service(str(found.inputs["model"]), found.inputs.get("environment"))
    what = f"{run.actor.name} ends the A/B test of {called} {found.inputs['version']} (run {found.id})"
    if step is None or step.started is None:
        said = f"{what} before it has begun; what it has changed so far is undone."
    else:
        so_far = f" So far: {step.detail}." if step.detail else ""
        said = f"{what}: what was stable before gets everything again.{so_far}"
    return Card(
        title=f"Ending the A/B test of {called}",
        tone="muted",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label=f"Show run {found.id}", command=f"show run {found.id}"),),
    )
