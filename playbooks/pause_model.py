"""Stop serving a model."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Button, Card, Conflict, DiffLine, Inputs, ModelName, Run, Text, playbook
from playbooks._cards import known_model, status_button
from playbooks._rollout import still_as_planned


class PauseModel(Inputs):
    """Stop serving a model: its requests are turned away until it is resumed."""

    model: ModelName = Field(description="the model")


@playbook(title="Pause a model", risk="change", safety=True)
async def pause_model(run: Run, ask: PauseModel) -> Card:
    await known_model(run, ask.model)
    traffic = await run.read(run.serving.traffic, ask.model)
    if traffic.paused:
        raise BadInput(f"{ask.model} is paused already.", do=f"Type `resume {ask.model}` to serve it again.")
    await run.approve(
        f"Turn all requests for {ask.model} away until someone resumes it? Now it serves {traffic.spoken()}.",
        undo=f"say `resume {ask.model}`",
    )
    await still_as_planned(run, traffic)
    line = DiffLine(what=f"serving of {ask.model}", before=traffic.spoken(), after="paused, no requests served")
    state = await run.step("pause", run.serving.pause, ask.model, changes=[line], detail=lambda s: s.spoken())
    if not run.planning and not state.paused:
        raise Conflict(
            f"{ask.model} was not paused.", f"Serving reports {state.spoken()}.", f"Type `status {ask.model}`."
        )
    said = f"{ask.model} is paused: requests are turned away. Before it served {traffic.spoken()}."
    resume = Button(label=f"Resume {ask.model}", command=f"resume {ask.model}", style="primary")
    return Card(
        title=f"{ask.model} is paused",
        tone="warning",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(resume, status_button(ask.model)),
        run_id=run.id,
    )
