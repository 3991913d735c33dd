"""What nobody is told of now."""

from bizaiops_bot.playbook import Button, Card, Inputs, Run, Table, playbook, spoken_end
from playbooks._alerts import mute_words, unmute_button

MOST_BUTTONS = 5


class ListMutes(Inputs):
    """List muted models and snoozed alerts, with who asked for it and until when."""


@playbook(title="List what is muted", risk="read")
async def list_mutes(run: Run, ask: ListMutes) -> Card:
    del ask
    mutes = await run.read(run.records.mutes)
    if not mutes:
        return Card(title="Nothing is muted", tone="success", summary="Nothing is muted: every alert is told.")
    rows = tuple((m.what, spoken_end(m.until, run.time_zone), m.who) for m in mutes)
    return Card(
        title=f"Muted: {', '.join(m.what for m in mutes)}",
        tone="warning",
        summary=f"Muted: {mute_words(mutes, run.time_zone)}.",
        blocks=(Table(columns=("What", "Until", "By"), rows=rows),),
        buttons=(*map(unmute_button, mutes[:MOST_BUTTONS]), Button(label="Alerts", command="list alerts")),
    )
