"""Change how many replicas serve a model."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Card,
    Conflict,
    DiffLine,
    ReplicaCount,
    Run,
    ServiceInputs,
    Text,
    playbook,
    until_settled,
)
from playbooks._cards import known_model, service_of, status_button
from playbooks._ready import refuse_while_frozen


class ScaleModel(ServiceInputs):
    """Change how many replicas serve a model."""

    replicas: ReplicaCount = Field(description="how many replicas, 1 to 50")


@playbook(title="Scale a model", risk="change")
async def scale_model(run: Run, ask: ScaleModel) -> Card:
    await known_model(run, ask.model)
    service = await service_of(run, ask.service)
    traffic = await run.read(run.serving.traffic, service)
    before = traffic.replicas
    if before.least == before.most == ask.replicas:
        raise BadInput(f"{ask.service} already runs with {before.spoken()}.")
    await run.approve(
        f"Scale {ask.service} from {before.spoken()} to {ask.replicas}?",
        undo=f"say `scale {ask.service} to {before.desired}`",
    )
    await refuse_while_frozen(run, ask.service)
    line = DiffLine(what=f"replicas of {ask.service}", before=str(before), after=str(ask.replicas))
    state = await run.step(
        "scale",
        until_settled(run, run.serving.scale),
        service,
        ask.replicas,
        ask.replicas,
        guard=traffic.generation,
        changes=[line],
        detail=lambda s: s.replicas.spoken(),
    )
    if not run.planning and (state.replicas.least, state.replicas.most) != (ask.replicas, ask.replicas):
        raise Conflict(
            f"{ask.service} was not scaled to {ask.replicas}.",
            f"Serving reports {state.replicas.spoken()}.",
            f"Type `status {ask.service}`.",
        )
    said = f"{ask.service} runs with {_replicas(ask.replicas)} now; before it was {before}."
    return Card(
        title=f"{ask.service} is scaled to {ask.replicas}",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(status_button(ask.service),),
        run_id=run.id,
    )


def _replicas(count: int) -> str:
    return f"{count} replica{'' if count == 1 else 's'}"
