"""What a build has made gets into the registry: by the bot, or it is there by its pipeline and is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from bizaiops_bot.domain.errors import Conflict, Permanent, Temporary
from bizaiops_bot.domain.models import ModelVersion, Package
from bizaiops_bot.playbook.run import Run

Register = Callable[..., Awaitable[ModelVersion]]


def registered(run: Run, package: Package | None, by_pipeline: str) -> Register:
    """`registry.register` for `run.step` as `step("register", ..., model, approved)`: approved is the version's name as
    people agreed to it, "" where only the registry names it.

    package: what is to be registered; None where the pipeline has registered `by_pipeline` by itself. The step raises
    Conflict for another name than was approved, Temporary while the registry has the version not whole yet.
    """

    @wraps(run.registry.register)
    async def done(model: str, approved: str, *, key: str) -> ModelVersion:
        if package is not None:
            return await run.registry.register(package, key=key)
        if not by_pipeline:
            raise Permanent(f"The build of {model} registered nothing.", "It has succeeded, and names no version.")
        if approved and by_pipeline != approved:
            what = f"{model} {by_pipeline} was registered, and {approved} was approved."
            do = f"Say `deploy {model} {by_pipeline}` if that is what you want."
            raise Conflict(what, "The pipeline named it otherwise.", do)
        found = await run.registry.version(model, by_pipeline)
        if found.state != "ready":
            raise Temporary(f"{model} {by_pipeline} is {found.state} in the registry.", after_s=5.0)
        return found

    return done
