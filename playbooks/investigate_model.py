"""Why is a model slow, failing or otherwise not as it should be? Looks at everything and changes nothing."""

from pydantic import Field

from bizaiops_bot.playbook import Card, Inputs, ModelName, Run, diagnose, investigation_facts, playbook, template
from playbooks._cards import known_model
from playbooks._investigation import evidence, investigation_card


class InvestigateModel(Inputs):
    """Find out why a model is slow, failing or otherwise not well: the likeliest cause, its evidence, since when."""

    model: ModelName = Field(description="the model")


@playbook(title="Investigate a model", risk="read")
async def investigate_model(run: Run, ask: InvestigateModel) -> Card:
    seen = await evidence(run, await known_model(run, ask.model))
    found = diagnose(seen)
    others = tuple(info.name for info in await run.read(run.models.specs))
    facts = investigation_facts(found, others)
    said = await run.step(
        "word the findings",
        run.words.investigate,
        ask.model,
        facts,
        channel=run.conversation,
        assume=template(facts),
    )
    return investigation_card(seen, found, said)
