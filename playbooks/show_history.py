"""Who released what, when."""

from bizaiops_bot.playbook import (
    Button,
    Card,
    Release,
    Run,
    ServiceInputs,
    Table,
    Trial,
    all_held_against,
    parted,
    playbook,
    stamp,
    trial_words,
)
from playbooks._cards import known_model, status_button
from playbooks._trials import trials_table

VERBS = {
    "deploy": "deployed",
    "rollback": "rolled back to",
    "retrain": "retrained and released",
    "initial": "started with",
}


class ShowHistory(ServiceInputs):
    """Show the releases of a model: version, who asked, who approved, when; and what was found of versions tried."""


@playbook(title="Show the releases of a model", risk="read")
async def show_history(run: Run, ask: ShowHistory) -> Card:
    await known_model(run, ask.model)
    trials = await run.read(run.records.trials, ask.model)
    releases = await run.read(run.records.releases, ask.service)
    if not releases:
        said = f"No release of {ask.service} is on record."
        return Card(title=f"No releases of {ask.service} yet", tone="muted", summary=said)
    last = releases[0]
    tables = (trials_table(trials),) if trials else ()
    columns = ("When", "What", "From", "To", "By", "Approved by", "Run")
    return Card(
        title=f"{ask.service}: {said_release(last)}",
        summary=_summary(last, len(releases), trials),
        blocks=(Table(columns=columns, rows=tuple(map(_row, releases))), *tables),
        buttons=_buttons(last),
    )


def _summary(last: Release, count: int, trials: list[Trial]) -> str:
    said = f"Last release of {last.model}: {said_release(last)}, {stamp(last.at)}. {count} on record."
    return f"{said}{''.join(f' {trial_words(t, why=False)}.' for t in all_held_against(trials)[:3])}"


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
        compare = f"compare {parted(last.model)[0]} {last.previous} and {last.version}"
        buttons.append(Button(label=compare.capitalize(), command=compare))
    return tuple(buttons)
