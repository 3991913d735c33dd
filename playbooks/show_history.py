"""Who released what, when."""

from pydantic import Field

from bizaiops_bot.playbook import Button, Card, Inputs, ModelName, Release, Run, Table, playbook, stamp
from playbooks._cards import known_model, status_button

VERBS = {
    "deploy": "deployed",
    "rollback": "rolled back to",
    "retrain": "retrained and released",
    "initial": "started with",
}


class ShowHistory(Inputs):
    """Show the releases of a model: version, who asked, who approved, when."""

    model: ModelName = Field(description="the model")


@playbook(title="Show the releases of a model", risk="read")
async def show_history(run: Run, ask: ShowHistory) -> Card:
    await known_model(run, ask.model)
    releases = await run.read(run.records.releases, ask.model)
    if not releases:
        said = f"No release of {ask.model} is on record."
        return Card(title=f"No releases of {ask.model} yet", tone="muted", summary=said)
    last = releases[0]
    columns = ("When", "What", "From", "To", "By", "Approved by", "Run")
    return Card(
        title=f"{ask.model}: {said_release(last)}",
        summary=f"Last release of {ask.model}: {said_release(last)}, {stamp(last.at)}. {len(releases)} on record.",
        blocks=(Table(columns=columns, rows=tuple(map(_row, releases))),),
        buttons=_buttons(last),
    )


def said_release(release: Release) -> str:
    """ "engineer deployed v2, approved by lead" """
    approved = f", approved by {' and '.join(release.approved_by)}" if release.approved_by else ""
    return f"{release.actor} {VERBS[release.kind]} {release.version}{approved}"


def _row(r: Release) -> tuple[str, ...]:
    run = str(r.run) if r.run else "–"
    return (stamp(r.at), r.kind, r.previous or "–", r.version, r.actor, ", ".join(r.approved_by) or "–", run)


def _buttons(last: Release) -> tuple[Button, ...]:
    buttons = [status_button(last.model)]
    if last.run:
        buttons.append(Button(label=f"Show run {last.run}", command=f"show run {last.run}"))
    if last.previous:
        compare = f"compare {last.model} {last.previous} and {last.version}"
        buttons.append(Button(label=compare.capitalize(), command=compare))
    return tuple(buttons)
