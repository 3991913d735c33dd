"""Deploy a version: build, test, canary, judge, promote."""

from typing import Any

from pydantic import Field, model_validator

from bizaiops_bot.playbook import (
    BadInput,
    BuildOrder,
    EnvironmentName,
    ModelSpec,
    ModelVersion,
    Percent,
    Run,
    ServiceInputs,
    Strategy,
    StrategyName,
    Trial,
    Version,
    playbook,
    spoken_duration,
    spoken_service,
    stamp,
    strategy,
)
from playbooks._builds import build_version
from playbooks._cards import clock_now, known_model, listed, metric_words, service_of, success_title
from playbooks._ready import refuse_while_frozen, require_registrable, steady_traffic, still_as_planned
from playbooks._rollout import REMIND, Released, Rollout, foresight, hold_words, previous_alias, released, roll_out
from playbooks._trials import known_trials, leak, warning


class DeployModel(ServiceInputs):
    """Roll a version out: build and test it if needed, send it part of the traffic, judge it, promote it."""

    version: Version = Field(description="the version to deploy, such as v2")
    canary: Percent = Field(10, description="percent of requests for the canary; 100 moves everything at once")
    source: EnvironmentName | None = Field(None, description="the environment in which it has proved itself, if any")
    strategy: StrategyName | None = Field(
        None, description="way to all traffic; steps of 5, 25 and 50 percent, or blue-green; left out: a canary"
    )

    @model_validator(mode="before")
    @classmethod
    def _shares_are_of_the_strategy(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Steps are written out, and `canary` is the first share of each strategy."""
        if given.get("strategy") in (None, "canary"):
            return {**given, "strategy": None}
        said = given.get("canary")
        found = strategy(str(given["strategy"]), first=said if isinstance(said, int) else None)
        if said not in (None, found.first):
            raise ValueError(f"{said}% does not go with {found.spoken()}, which begins with {found.first}%")
        return {**given, "strategy": str(found), "canary": found.first}

    @classmethod
    def amended(cls, known: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        """A share or a strategy that is said anew takes the place of both."""
        both = {"canary", "strategy"}
        stays = {name: value for name, value in known.items() if not (both & said.keys() and name in both)}
        return {**stays, **said}

    @property
    def way(self) -> Strategy:
        return strategy(self.strategy or "canary")


@playbook(title="Deploy a model version", risk="change")
async def deploy_model(run: Run, ask: DeployModel) -> Released:
    spec = (await known_model(run, ask.model)).at(ask.environment)
    registered = await require_registrable(run, ask.model, ask.version)
    await refuse_while_frozen(run, ask.service)
    traffic, stable = await steady_traffic(run, ask.service)
    if ask.version == stable:
        raise BadInput(
            f"{ask.model} {ask.version} already serves 100% of the traffic{ask.there}.",
            do=f"Type `history of {ask.service}` to see when it was released.",
        )
    trials = await known_trials(run, ask.model)
    proved = await _proved(run, ask)
    way = ask.way
    shares = way.shares or (ask.canary,)
    seen = await foresight(run, spec, traffic, stable, shares[-1])
    await run.approve(
        proved + _question(ask, spec, stable, registered, trials),
        escalate=REMIND,
        undo=f"say `roll back {ask.service}`",
        foresight=seen.words if seen else "",
    )
    await refuse_while_frozen(run, ask.service)
    await still_as_planned(run, traffic)
    made = registered.get(ask.version) or await _make(run, ask, spec, stable)
    previous = None if ask.environment else await previous_alias(run, ask.model)
    tested = seen.value_must if seen else None
    rollout = Rollout(
        spec,
        traffic,
        ask.version,
        stable,
        previous,
        shares,
        "deploy",
        tested,
        made.artifact,
        home=ask.environment is None,
        dark=way.kind == "blue-green",
        each=way.each,
    )
    verdict = await roll_out(run, rollout)
    return released(run, rollout, verdict, title=success_title(ask.model, ask.version, f"deployed{ask.there}"))


async def _proved(run: Run, ask: DeployModel) -> str:
    """For how long the version has been stable where it comes from, as a sentence; "" when it comes from nowhere.

    Raises BadInput when something else is stable there.
    """
    if ask.source is None:
        return ""
    default = (await run.read(run.records.environments))[0].name
    if ask.source == (ask.environment or default):
        raise BadInput(f"{ask.model} cannot be promoted from {ask.source} to itself.", do="Name another environment.")
    there = spoken_service(ask.model, None if ask.source == default else ask.source)
    traffic = await run.read(run.serving.traffic, await service_of(run, there))
    if traffic.stable_version != ask.version or traffic.canary is not None:
        raise BadInput(
            f"{ask.model} {ask.version} is not what is stable in {ask.source}.",
            f"There it is {traffic.spoken()}.",
            f"Ask again to take that, or type `deploy {ask.model} {ask.version}{ask.there}` to take it all the same.",
        )
    releases = await run.read(run.records.releases, there, limit=1)
    if not releases or releases[0].version != ask.version:
        return f"{ask.version} is what is stable in {ask.source}; since when is not on record. "
    age = spoken_duration((await clock_now(run) - releases[0].at).total_seconds())
    by = f", run {releases[0].run}" if releases[0].run else ""
    return f"{ask.version} has been stable in {ask.source} for {age} (since {stamp(releases[0].at)}{by}). "


def _question(
    ask: DeployModel, spec: ModelSpec, stable: str, registered: dict[str, ModelVersion], trials: list[Trial]
) -> str:
    made = "" if ask.version in registered else f"Build {ask.version} and test it against {stable}, then "
    if ask.way.kind == "steps":
        move = _in_steps(ask, spec, stable)
    elif ask.canary == 100:
        first = f"start {ask.version} without requests and try it out, then " if ask.way.kind == "blue-green" else ""
        move = (
            f"{first}move all traffic of {ask.service} from {stable} to {ask.version} at once, watch it for "
            f"{hold_words(spec)} and go back to {stable} if it is worse?"
        )
    else:
        move = (
            f"send {ask.canary}% of {ask.service} to {ask.version} ({stable} keeps {100 - ask.canary}%) "
            f"and everything after {hold_words(spec)} of live traffic without harm?"
        )
    measured = _measured(registered, ask.version, stable) + _untested(registered.get(ask.version))
    question = f"{made}{move}{measured}"
    against = warning(trials, ask.version)
    leaked = leak(registered, ask.version, stable)
    again = f"{against} Deploy it again? " if against else ""
    return f"{again}{question[0].upper()}{question[1:]}{f' {leaked}' if leaked else ''}"


def _in_steps(ask: DeployModel, spec: ModelSpec, stable: str) -> str:
    first, *further = (f"{share}%" for share in ask.way.shares)
    each = ", asking before each," if ask.way.each else ""
    return (
        f"send {first} of {ask.service} to {ask.version} ({stable} keeps the rest), then {listed(further)}{each} when "
        f"no harm is seen in {hold_words(spec)}, and everything once {hold_words(spec)} at {further[-1]} have ruled "
        "harm out?"
    )


def _untested(found: ModelVersion | None) -> str:
    """What the bot registers has passed its gate, and has a digest."""
    if found is None or found.digest:
        return ""
    return f" {found.version} was registered by {found.registrant}; the bot has not tested it."


def _measured(registered: dict[str, ModelVersion], version: str, stable: str) -> str:
    if version not in registered or not registered[version].metrics:
        return ""
    said = [f"{name}: {metric_words(registered[name].metrics)}" for name in (version, stable) if name in registered]
    return f" At the gate, {'; '.join(said)}."


async def _make(run: Run, ask: DeployModel, spec: ModelSpec, stable: str) -> ModelVersion:
    order = BuildOrder(model=ask.model, version=ask.version, against=stable, pipeline=spec.pipeline)
    return await build_version(run, order, trained="trained")
