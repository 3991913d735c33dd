"""Break something on purpose, to see it healed."""

from pydantic import Field

from bizaiops_bot.playbook import BadInput, Button, Card, FaultName, Inputs, ModelName, NotFound, Run, Text, playbook
from playbooks._cards import known_model, status_button


class InjectFault(Inputs):
    """Start a fault in the embedded company, such as drift or latency; only the demo can do this."""

    model: ModelName = Field(description="the model")
    fault: FaultName = Field(description="the fault, such as covariate_drift or latency")


@playbook(title="Inject a fault", risk="control")
async def inject_fault(run: Run, ask: InjectFault) -> Card:
    if run.faults is None:
        raise BadInput("Faults can be injected in the embedded company only.", do="Start it with `bizaiops demo`.")
    await known_model(run, ask.model)
    kinds = await run.read(run.faults.kinds)
    if ask.fault not in kinds:
        raise NotFound("fault", ask.fault, kinds)
    told = await run.step("inject fault", run.faults.inject, ask.model, ask.fault)
    return Card(
        title=f"Fault {ask.fault.replace('_', ' ')} is on for {ask.model}",
        tone="warning",
        summary=told,
        blocks=(Text(text=told),),
        buttons=(
            Button(label=f"Clear faults of {ask.model}", command=f"clear faults of {ask.model}"),
            status_button(ask.model),
        ),
    )
