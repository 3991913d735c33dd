"""Stop serving a model, for good or until a moment."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Card,
    Conflict,
    DiffLine,
    Run,
    ServiceInputs,
    Text,
    TrafficState,
    UntilSlot,
    playbook,
    spoken_end,
    until_settled,
)
from playbooks._cards import known_model, service_of, status_button


class PauseModel(ServiceInputs):
    """Stop serving a model: its requests are turned away until it is resumed, by a person or by itself at an end."""

    until: UntilSlot | None = Field(None, description="until when, at most 30 days; until resumed if left out")


@playbook(title="Pause a model", risk="change", safety=True)
async def pause_model(run: Run, ask: PauseModel) -> Card:
    await known_model(run, ask.model)
    service = await service_of(run, ask.service)
    traffic = await run.read(run.serving.traffic, service)
    if traffic.paused:
        raise BadInput(f"{ask.service} is paused already.", do=f"Type `resume {ask.service}` to serve it again.")
    end = f"until {spoken_end(ask.until.at, run.time_zone)}" if ask.until else "until someone resumes it"
    await run.approve(
        f"Turn all requests for {ask.service} away {end}? Now it serves {traffic.spoken()}.",
        undo=f"say `resume {ask.service}`",
    )
    if ask.until is not None:
        await _set_end(run, ask, traffic, end)
    line = DiffLine(what=f"serving of {ask.service}", before=traffic.spoken(), after="paused, no requests served")
    paused = until_settled(run, run.serving.pause, enough=lambda state: state.paused)
    state = await run.step("pause", paused, service, changes=[line], detail=lambda s: s.spoken())
    if not run.planning and not state.paused:
        raise Conflict(
            f"{ask.service} was not paused.", f"Serving reports {state.spoken()}.", f"Type `status {ask.service}`."
        )
    itself = ", then it is resumed by itself" if ask.until else ""
    said = f"{ask.service} is paused {end}{itself}. Requests are turned away. Before it served {traffic.spoken()}."
    resume = Button(label=f"Resume {ask.service}", command=f"resume {ask.service}", style="primary")
    return Card(
        title=f"{ask.service} is paused",
        tone="warning",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(resume, status_button(ask.service)),
        run_id=run.id,
    )


async def _set_end(run: Run, ask: PauseModel, traffic: TrafficState, end: str) -> None:
    """Before the pause: whatever happens in between, nothing stays paused for longer than was approved."""
    assert ask.until is not None
    line = DiffLine(what=f"pause of {ask.service}", before="none", after=f"{end}, then {traffic.stable} serves again")
    await run.step(
        "set the end of the pause",
        run.controls.end_pause,
        ask.service,
        ask.until.at,
        run=run.id,
        conversation=run.conversation,
        changes=[line],
    )
