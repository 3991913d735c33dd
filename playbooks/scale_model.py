"""Change how many replicas serve a model."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Card, Conflict, DiffLine, Inputs, ModelName, Replicas, Run, Text, playbook
from playbooks._cards import known_model, status_button
from playbooks._rollout import refuse_while_frozen


class ScaleModel(Inputs):
    """Change how many replicas serve a model."""

    model: ModelName = Field(description="the model")
    replicas: Replicas = Field(description="how many replicas, 1 to 50")


@playbook(title="Scale a model", risk="change")
async def scale_model(run: Run, ask: ScaleModel) -> Card:
    await known_model(run, ask.model)
    before = (await run.read(run.serving.traffic, ask.model)).replicas
    if before == ask.replicas:
        raise BadInput(f"{ask.model} already runs with {_replicas(before)}.")
    await run.approve(
        f"Scale {ask.model} from {_replicas(before)} to {ask.replicas}?", undo=f"say `scale {ask.model} to {before}`"
    )
    await refuse_while_frozen(run, ask.model)
    line = DiffLine(what=f"replicas of {ask.model}", before=str(before), after=str(ask.replicas))
    state = await run.step(
        "scale", run.serving.scale, ask.model, ask.replicas, changes=[line], detail=lambda s: _replicas(s.replicas)
    )
    if not run.planning and state.replicas != ask.replicas:
        raise Conflict(
            f"{ask.model} was not scaled to {ask.replicas}.",
            f"Serving reports {_replicas(state.replicas)}.",
            f"Type `status {ask.model}`.",
        )
    said = f"{ask.model} runs with {_replicas(ask.replicas)} now; before it was {before}."
    return Card(
        title=f"{ask.model} is scaled to {ask.replicas}",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(status_button(ask.model),),
        run_id=run.id,
    )


def _replicas(count: int) -> str:
    return f"{count} replica{'' if count == 1 else 's'}"
