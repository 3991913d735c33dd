"""Serve a paused model again."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Card, Conflict, DiffLine, Inputs, ModelName, Run, Text, playbook
from playbooks._cards import known_model, status_button


class ResumeModel(Inputs):
    """Serve a paused model again."""

    model: ModelName = Field(description="the model")


@playbook(title="Resume a model", risk="change")
async def resume_model(run: Run, ask: ResumeModel) -> Card:
    await known_model(run, ask.model)
    traffic = await run.read(run.serving.traffic, ask.model)
    if not traffic.paused:
        raise BadInput(f"{ask.model} is not paused.", f"It serves {traffic.spoken()}.")
    await run.approve(
        f"Serve {ask.model} again, with {traffic.stable} as the stable version?", undo=f"say `pause {ask.model}`"
    )
    line = DiffLine(what=f"serving of {ask.model}", before=traffic.spoken(), after=f"{traffic.stable} serves again")
    state = await run.step("resume", run.serving.resume, ask.model, changes=[line], detail=lambda s: s.spoken())
    if run.planning:
        return Card(title=f"{ask.model} serves again")
    if state.paused:
        raise Conflict(f"{ask.model} is still paused.", "Serving did not resume it.", f"Type `status {ask.model}`.")
    said = f"{ask.model} serves requests again: {state.spoken()}."
    return Card(
        title=f"{ask.model} serves again",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(status_button(ask.model),),
        run_id=run.id,
    )
