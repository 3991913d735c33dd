"""How an A/B test is doing."""

from pydantic import Field

from bizaiops_bot.playbook import (
    Button,
    Card,
    EnvironmentName,
    Inputs,
    ModelName,
    Run,
    RunRecord,
    Text,
    Tone,
    compare_ab,
    playbook,
    spoken_service,
    stamp,
)
from playbooks._ab_test import look, progress, running_test, sides, test_of, tests_of
from playbooks._cards import known_model, sentence, service_of

WOULD = {
    "better": "If it ended now, {version} would get everything.",
    "worse": "It ends at the next look, and {stable} gets everything again.",
    "open": "If it ended now, {stable} would get everything again.",
    "invalid": "It ends at the next look, and {stable} gets everything again.",
}
TONES: dict[str, Tone] = {"better": "success", "worse": "danger", "open": "info", "invalid": "warning"}


class ShowAbTest(Inputs):
    """Show how an A/B test is doing: what both versions brought, how sure that is, and how long it goes on."""

    model: ModelName | None = Field(None, description="the model; the test that is under way if left out")
    environment: EnvironmentName | None = Field(None, description="the environment; the default one if left out")


@playbook(title="Show an A/B test", risk="read")
async def show_ab_test(run: Run, ask: ShowAbTest) -> Card:
    found = await running_test(run, ask.model, ask.environment)
    if found is None:
        return await _none(run, ask)
    called = spoken_service(str(found.inputs["model"]), found.inputs.get("environment"))
    service = await service_of(run, called)
    stable = (await run.read(run.serving.traffic, service)).stable or ""
    test = test_of(found, stable)
    number = Button(label=f"Show run {found.id}", command=f"show run {found.id}")
    if test is None:
        said = (
            f"The A/B test of {called} {found.inputs['version']} (run {found.id}) has not begun: it is {found.status}."
        )
        return Card(
            title=f"A/B test of {called}", tone="info", summary=said, blocks=(Text(text=said),), buttons=(number,)
        )
    limits = (await known_model(run, str(found.inputs["model"]))).at(found.inputs.get("environment")).judge.limits
    sight = await run.read(look, run, service, test, limits)
    result = compare_ab(test, sight)
    would = WOULD[result.standing].format(version=test.version, stable=test.stable)
    said = f"{sentence(progress(test, sight))} {would}"
    end = Button(label="End the test", command=f"end the ab test of {called}", style="danger")
    return Card(
        title=f"A/B test of {called}: {test.stable} and {test.version}",
        tone=TONES[result.standing],
        summary=said,
        blocks=(Text(text=said), sides(test, sight, result)),
        buttons=(number, end),
    )


async def _none(run: Run, ask: ShowAbTest) -> Card:
    """The one that ended last, if there was any."""
    of = f" of {ask.model}" if ask.model else ""
    over = await tests_of(run, ask.model, ask.environment)
    title = f"No A/B test{of} is under way"
    if not over:
        start = f"ab test {ask.model or 'churn'} v2 with 20% for 14 days"
        said = f"There was none yet. Say for example: {start}."
        return Card(title=title, tone="muted", summary=said, blocks=(Text(text=said),))
    said = _ended(over[0])
    return Card(
        title=title,
        tone="muted",
        summary=said,
        blocks=(Text(text=said),),
        buttons=(Button(label=f"Show run {over[0].id}", command=f"show run {over[0].id}"),),
    )


def _ended(record: RunRecord) -> str:
    what = f"{record.inputs['model']} {record.inputs['version']}"
    when = "" if record.ended is None else f" ended {stamp(record.ended)}"
    return (
        f"The last one, of {what} (run {record.id}),{when}: {sentence(record.error or record.summary or record.status)}"
    )
