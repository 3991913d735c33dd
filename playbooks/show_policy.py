"""Who may do what."""

from pydantic import Field

from bizaiops_bot.playbook import Card, Context, Inputs, ModelName, Run, Table, playbook
from playbooks._cards import known_model

ACTIONS = (
    ("deploy_model", "deploy a version"),
    ("roll_back_model", "roll back"),
    ("retrain_model", "retrain"),
    ("pause_model", "pause a model"),
    ("scale_model", "scale a model"),
    ("approve", "approve somebody's run"),
    ("delegate", "let somebody approve in one's place"),
    ("freeze_deploys", "freeze changes"),
    ("schedule_digest", "schedule a KPI digest"),
    ("show_status", "look at everything"),
)


class ShowPolicy(Inputs):
    """Show who may do what, for one model or in general."""

    model: ModelName | None = Field(None, description="the model; any model if left out")


@playbook(title="Show who may do what", risk="read")
async def show_policy(run: Run, ask: ShowPolicy) -> Card:
    if ask.model is not None:
        await known_model(run, ask.model)
    rows = [(words, ", ".join(await run.read(run.records.who_may, action, ask.model))) for action, words in ACTIONS]
    mine = [words for (action, words), (_, who) in zip(ACTIONS, rows, strict=True) if run.actor.id in who.split(", ")]
    about = f" with {ask.model}" if ask.model else ""
    return Card(
        title=f"Who may do what{about}",
        summary=f"You ({run.actor.name}) may{about}: {', '.join(mine) or 'nothing'}. "
        + "; ".join(f"{words}: {who or 'nobody'}" for words, who in rows)
        + ".",
        blocks=(
            Table(columns=("To", "Who may"), rows=tuple((words, who or "nobody") for words, who in rows)),
            Context(text="The requester of a change can never approve it. What is not permitted is refused."),
        ),
    )
