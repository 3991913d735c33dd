"""Stop serving a model, for good or until a moment."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Card,
    Conflict,
    DiffLine,
    Inputs,
    ModelName,
    Run,
    Text,
    TrafficState,
    UntilSlot,
    playbook,
    spoken_end,
)
from playbooks._cards import known_model, status_button
from playbooks._rollout import still_as_planned


class PauseModel(Inputs):
    """Stop serving a model: its requests are turned away until it is resumed, by a person or by itself at an end."""

    model: ModelName = Field(description="the model")
    until: UntilSlot | None = Field(None, description="until when, at most 30 days; until resumed if left out")


@playbook(title="Pause a model", risk="change", safety=True)
async def pause_model(run: Run, ask: PauseModel) -> Card:
    await known_model(run, ask.model)
    traffic = await run.read(run.serving.traffic, ask.model)
    if traffic.paused:
        raise BadInput(f"{ask.model} is paused already.", do=f"Type `resume {ask.model}` to serve it again.")
    end = f"until {spoken_end(ask.until.at, run.time_zone)}" if ask.until else "until someone resumes it"
    await run.approve(
        f"Turn all requests for {ask.model} away {end}? Now it serves {traffic.spoken()}.",
        undo=f"say `resume {ask.model}`",
    )
    await still_as_planned(run, traffic)
    if ask.until is not None:
        await _set_end(run, ask, traffic, end)
    line = DiffLine(what=f"serving of {ask.model}", before=traffic.spoken(), after="paused, no requests served")
    state = await run.step("pause", run.serving.pause, ask.model, changes=[line], detail=lambda s: s.spoken())
    if not run.planning and not state.paused:
        raise Conflict(
            f"{ask.model} was not paused.", f"Serving reports {state.spoken()}.", f"Type `status {ask.model}`."
        )
    itself = ", then it is resumed by itself" if ask.until else ""
    said = f"{ask.model} is paused {end}{itself}. Requests are turned away. Before it served {traffic.spoken()}."
    resume = Button(label=f"Resume {ask.model}", command=f"resume {ask.model}", style="primary")
    return Card(
        title=f"{ask.model} is paused",
        tone="warning",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(resume, status_button(ask.model)),
        run_id=run.id,
    )


async def _set_end(run: Run, ask: PauseModel, traffic: TrafficState, end: str) -> None:
    """Before the pause: whatever happens in between, nothing stays paused for longer than was approved."""
    assert ask.until is not None
    line = DiffLine(what=f"pause of {ask.model}", before="none", after=f"{end}, then {traffic.stable} serves again")
    await run.step(
        "set the end of the pause",
        run.controls.end_pause,
        ask.model,
        ask.until.at,
        run=run.id,
        conversation=run.conversation,
        changes=[line],
    )
