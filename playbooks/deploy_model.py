"""Deploy a version: build, test, canary, judge, promote."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Build,
    DiffLine,
    Inputs,
    ModelName,
    ModelVersion,
    NotFound,
    Percent,
    Run,
    Trial,
    Version,
    playbook,
)
from playbooks._cards import known_model, known_versions, metric_words, success_title
from playbooks._rollout import (
    REMIND,
    Released,
    Rollout,
    certify,
    foresight,
    hold_words,
    previous_alias,
    refuse_while_frozen,
    released,
    roll_out,
    steady_traffic,
    still_as_planned,
)
from playbooks._trials import known_trials, leak, warning


class DeployModel(Inputs):
    """Roll a version out: build and test it if needed, send it part of the traffic, judge it, promote it."""

    model: ModelName = Field(description="the model")
    version: Version = Field(description="the version to deploy, such as v2")
    canary: Percent = Field(10, description="percent of requests for the canary; 100 moves everything at once")


@playbook(title="Deploy a model version", risk="change")
async def deploy_model(run: Run, ask: DeployModel) -> Released:
    await known_model(run, ask.model)
    await _require_version(run, ask)
    await refuse_while_frozen(run, ask.model)
    traffic, stable = await steady_traffic(run, ask.model)
    if ask.version == stable:
        raise BadInput(
            f"{ask.model} {ask.version} already serves 100% of the traffic.",
            do=f"Type `history of {ask.model}` to see when it was released.",
        )
    registered = {v.version: v for v in await run.read(run.registry.versions, ask.model)}
    trials = await known_trials(run, ask.model)
    seen = await foresight(run, ask.model, stable, ask.canary)
    await run.approve(
        _question(ask, stable, registered, trials),
        escalate=REMIND,
        undo=f"say `roll back {ask.model}`",
        foresight=seen.words if seen else "",
    )
    await refuse_while_frozen(run, ask.model)
    await still_as_planned(run, traffic)
    if ask.version not in registered:
        await _make(run, ask, stable, registered)
    previous = await previous_alias(run, ask.model)
    rollout = Rollout(ask.model, ask.version, stable, previous, ask.canary, "deploy", seen.value_must if seen else None)
    verdict = await roll_out(run, rollout)
    return released(run, rollout, verdict, title=success_title(ask.model, ask.version, "deployed"))


async def _require_version(run: Run, ask: DeployModel) -> None:
    known = await known_versions(run, ask.model)
    if ask.version not in known:
        raise NotFound(f"{ask.model} version", ask.version, known)


def _question(ask: DeployModel, stable: str, registered: dict[str, ModelVersion], trials: list[Trial]) -> str:
    made = "" if ask.version in registered else f"Build {ask.version} and test it against {stable}, then "
    if ask.canary == 100:
        move = (
            f"move all traffic of {ask.model} from {stable} to {ask.version} at once, watch it for {hold_words()} "
            f"and go back to {stable} if it is worse?"
        )
    else:
        move = (
            f"send {ask.canary}% of {ask.model} to {ask.version} ({stable} keeps {100 - ask.canary}%) "
            f"and everything after {hold_words()} of live traffic without harm?"
        )
    measured = _measured(registered, ask.version, stable)
    question = f"{made}{move}{measured}"
    against = warning(trials, ask.version)
    leaked = leak(registered, ask.version, stable)
    again = f"{against} Deploy it again? " if against else ""
    return f"{again}{question[0].upper()}{question[1:]}{f' {leaked}' if leaked else ''}"


def _measured(registered: dict[str, ModelVersion], version: str, stable: str) -> str:
    if version not in registered or not registered[version].metrics:
        return ""
    said = [f"{name}: {metric_words(registered[name].metrics)}" for name in (version, stable) if name in registered]
    return f" At the gate, {'; '.join(said)}."


async def _make(run: Run, ask: DeployModel, stable: str, registered: dict[str, ModelVersion]) -> None:
    trained = DiffLine(what=f"build of {ask.model} {ask.version}", before="none", after="trained")
    build: Build = await run.step(
        "build",
        run.pipelines.build,
        ask.model,
        ask.version,
        changes=[trained],
        detail=lambda b: f"{b.train_rows:,} rows in {b.train_seconds:.1f} s",
    )
    await certify(run, build, model=ask.model, version=ask.version, stable=stable, registered=registered)
