"""What has to hold before a rollout begins, and when it goes on after its approval."""

from __future__ import annotations

from bizaiops_bot.playbook import BadInput, Conflict, ModelVersion, NotFound, Refused, Run, TrafficState
from playbooks._cards import known_versions, sentence, service_of


async def refuse_while_frozen(run: Run, model: str) -> None:
    """Raises Refused while releases are frozen; going back to an older version is never frozen."""
    if frozen := await run.read(run.records.frozen, model):
        raise Refused("No release can begin now.", f"Changes are {frozen}.", "An approver can say `unfreeze deploys`.")


async def require_registrable(run: Run, model: str, version: str) -> dict[str, ModelVersion]:
    """What is registered, by version. Raises NotFound for a version that is neither registered nor can be built, and
    BadInput for one that the registry does not have whole.
    """
    known = await known_versions(run, model)
    if version not in known:
        raise NotFound(f"{model} version", version, known)
    registered = {v.version: v for v in await run.read(run.registry.versions, model)}
    found = registered.get(version)
    if found is not None and found.state != "ready":
        do = "Try again when it is ready." if found.state == "pending" else "Register it anew, as another version."
        raise BadInput(
            f"{model} {version} cannot be deployed.", f"The registry has it as {found.state}, not ready.", do
        )
    return registered


async def steady_traffic(run: Run, model: str) -> tuple[TrafficState, str]:
    """The traffic and its stable version. Raises BadInput while the model is paused or a canary is out."""
    traffic = await run.read(run.serving.traffic, await service_of(run, model))
    if not traffic.settled:
        raise BadInput(
            f"{model} is being changed just now.", f"{sentence(traffic.unready)}", "Ask again when it is done."
        )
    if traffic.paused:
        raise BadInput(f"{model} is paused.", "A canary needs live requests.", f"Type `resume {model}` first.")
    if traffic.canary is not None:
        raise BadInput(
            f"A canary of {model} is already out: {traffic.spoken()}.",
            do=f"Wait for its run, or type `roll back {model}`.",
        )
    if traffic.stable is None:
        raise BadInput(f"{model} has no stable version, so there is nothing to compare a canary with.")
    if traffic.stable_version is None:
        raise BadInput(
            f"Nobody knows which version of {model} {traffic.stable} is.",
            "After a release it could not be said which one to go back to.",
            "Register what it serves, and mark the service with that version.",
        )
    return traffic, traffic.stable_version


async def still_as_planned(run: Run, planned: TrafficState) -> None:
    """Raises Conflict when the service is no longer what the approved plan began with."""
    now = await run.read(run.serving.traffic, planned.service)
    if now.generation != planned.generation:
        raise Conflict(
            f"{planned.service.model} was not changed.",
            f"The plan began with {_state(planned)}, but it has changed since: now it is {_state(now)}.",
            "Ask again to get a plan for the world as it is.",
        )


def _state(traffic: TrafficState) -> str:
    return f"{traffic.spoken()}, {traffic.replicas.spoken()}"
