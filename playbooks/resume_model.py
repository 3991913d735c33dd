"""Serve a paused model again."""

from bizaiops_bot.playbook import (
    BadInput,
    Card,
    Conflict,
    DiffLine,
    Run,
    ServiceInputs,
    Text,
    playbook,
    until_settled,
)
from playbooks._cards import known_model, service_of, status_button


class ResumeModel(ServiceInputs):
    """Serve a paused model again."""


@playbook(title="Resume a model", risk="change")
async def resume_model(run: Run, ask: ResumeModel) -> Card:
    await known_model(run, ask.model)
    service = await service_of(run, ask.service)
    traffic = await run.read(run.serving.traffic, service)
    if not traffic.paused:
        raise BadInput(f"{ask.service} is not paused.", f"It serves {traffic.spoken()}.")
    await run.approve(
        f"Serve {ask.service} again, with {traffic.stable} as the stable version?", undo=f"say `pause {ask.service}`"
    )
    line = DiffLine(what=f"serving of {ask.service}", before=traffic.spoken(), after=f"{traffic.stable} serves again")
    state = await run.step(
        "resume",
        until_settled(run, run.serving.resume),
        service,
        guard=traffic.generation,
        changes=[line],
        detail=lambda s: s.spoken(),
    )
    if run.planning:
        return Card(title=f"{ask.service} serves again")
    if state.paused:
        raise Conflict(f"{ask.service} is still paused.", "Serving did not resume it.", f"Type `status {ask.service}`.")
    said = f"{ask.service} serves requests again: {state.spoken()}."
    return Card(
        title=f"{ask.service} serves again",
        tone="success",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(status_button(ask.service),),
        run_id=run.id,
    )
