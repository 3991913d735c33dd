"""Go back to an earlier version."""

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    BlamedVersion,
    Button,
    Card,
    Diff,
    DiffLine,
    NotFound,
    Outputs,
    Run,
    ServiceInputs,
    Text,
    TrafficState,
    Version,
    newer,
    playbook,
    taken_back,
    until_settled,
)
from playbooks._cards import known_model, service_of, status_button
from playbooks._rollout import expect_weights, previous_alias, set_champion


class RollBackModel(ServiceInputs):
    """Send all traffic of a model back to an earlier version; without a version, to the one before the last release."""

    version: Version | None = Field(None, description="the version to go back to; the previous release if left out")
    blamed: BlamedVersion | None = Field(None, description="the version to leave, which has to be serving")

    def met_by_undo(self) -> bool:
        return self.version is None and self.blamed is None


class RolledBack(Outputs):
    """The version that has all traffic again, and the stable one before, None if there was none."""

    model: str
    version: str
    previous: str | None


@playbook(title="Roll a model back", risk="change", safety=True)
async def roll_back_model(run: Run, ask: RollBackModel) -> RolledBack:
    await known_model(run, ask.model)
    service = await service_of(run, ask.service)
    traffic = await run.read(run.serving.traffic, service)
    _require_serving(ask, traffic)
    versions = {v.version: v for v in await run.read(run.registry.versions, ask.model)}
    registered = list(versions)
    target = await _target(run, ask, traffic, registered)
    _require_way_back(ask, traffic, target)
    await run.approve(
        f"Send all traffic of {ask.service} to {target}? Now it is {traffic.spoken()}.",
        escalate={"2h": "sre"},  # somebody wants the old version back: that should not wait for a day
        undo=f"say `deploy {ask.model} {traffic.stable}{ask.there}`",
    )
    line = DiffLine(what=f"traffic of {ask.service}", before=traffic.spoken(), after=f"{target} 100%")
    rolled_back = until_settled(run, run.serving.roll_back)
    state = await run.step(
        "restore traffic",
        rolled_back,
        service,
        target,
        artifact=versions[target].artifact if target in versions else None,
        changes=[line],
        detail=lambda s: s.spoken(),
    )
    expect_weights(run, state, {target: 100})
    for version in _left(traffic, target, ask.blamed, registered):
        said = f"all traffic went to {target} again, before it was {traffic.spoken()}"
        await run.note_trial(ask.model, version, "rollback", taken_back(said))
    if traffic.stable not in (None, target):
        await _remember(run, ask, target, str(traffic.stable))
    card = _card(run, ask.service, target, line)
    return RolledBack(card=card, model=ask.model, version=target, previous=traffic.stable)


def _require_serving(ask: RollBackModel, traffic: TrafficState) -> None:
    """Raises BadInput when the blamed version has no traffic: to take it from another one would be no help."""
    if ask.blamed is None or traffic.weights.get(ask.blamed):
        return
    raise BadInput(
        f"{ask.model} {ask.blamed} gets no traffic, so there is nothing to take from it.",
        f"Now it is {traffic.spoken()}.",
        f"Type `roll back {ask.service}` to leave what serves, `roll back {ask.service} to {ask.blamed}` to go there.",
    )


def _require_way_back(ask: RollBackModel, traffic: TrafficState, target: str) -> None:
    """Raises BadInput when the target is what is to be left: the blamed version, a canary, or what serves already."""
    name = f"{ask.model} {target}"
    others = f"Type `history of {ask.service}` to see the others, then `roll back {ask.service} to` one of them."
    if target == ask.blamed:
        raise BadInput(
            f"{name} would be rolled back to itself.", "It is the version that is blamed, and the stable one.", others
        )
    if traffic.weights == {target: 100}:
        raise BadInput(f"{name} already serves 100% of the traffic.", do=others)
    if target == traffic.canary:
        do = f"Type `roll back {ask.service}` to take the canary back, or approve its run to go on with it."
        raise BadInput(
            f"{name} is the canary, so going back does not lead to it.", f"Now it is {traffic.spoken()}.", do
        )


def _left(traffic: TrafficState, target: str, blamed: str | None, registered: list[str]) -> list[str]:
    """Versions that are taken back: the blamed one, and newer ones; going on to a newer one takes nothing back."""
    out = [r.version for r in traffic.revisions if r.role in ("stable", "canary") and r.version]
    return [version for version in out if version == blamed or newer(version, target, registered)]


async def _target(run: Run, ask: RollBackModel, traffic: TrafficState, registered: list[str]) -> str:
    if ask.version is not None:
        if ask.version not in registered:
            raise NotFound(f"released {ask.model} version", ask.version, registered)
        return ask.version
    if traffic.canary is not None and traffic.stable is not None:
        return traffic.stable
    return await _previous(run, ask, traffic.stable, registered)


async def _previous(run: Run, ask: RollBackModel, stable: str | None, registered: list[str]) -> str:
    # A rollback is not a way forward: after v1 -> v2 -> v1 the version before v1 is asked for, never v2 again.
    forward = [r for r in await run.read(run.records.releases, ask.service, limit=50) if r.kind != "rollback"]
    release = next((r for r in forward if r.version == stable), None)
    found = release.previous if release else await _previous_alias(run, ask)
    if found is None or found not in registered:
        raise BadInput(
            f"There is no release before {ask.model} {stable}{ask.there}.",
            do=f"Name a version: {', '.join(v for v in registered if v != stable) or 'none other is registered'}.",
        )
    return found


async def _previous_alias(run: Run, ask: RollBackModel) -> str | None:
    return None if ask.environment else await previous_alias(run, ask.model)


async def _remember(run: Run, ask: RollBackModel, target: str, left: str) -> None:
    if ask.environment is None:  # the registry's aliases tell of the default environment
        await set_champion(run, ask.model, target, left, await previous_alias(run, ask.model))
    await run.step("note the release", run.controls.record_release, ask.service, target, left, "rollback", run=run.id)


def _card(run: Run, model: str, target: str, line: DiffLine) -> Card:
    said = f"{model} is back on {target}: it gets all traffic. Before it was {line.before}."
    return Card(
        title=f"{model} is rolled back to {target}",
        tone="success",
        summary=said,
        blocks=(Text(text=said), Diff(lines=(line,))),
        buttons=(status_button(model), Button(label="History", command=f"history of {model}")),
        run_id=run.id,
    )
