"""How a build is ordered: by one key a run, so that it can be ended unanswered, and each version by one run only."""

from __future__ import annotations

from datetime import datetime

from bizaiops_bot.playbook import (
    BadInput,
    BuildOrder,
    BuildRef,
    BuildState,
    Conflict,
    ModelVersion,
    NoData,
    Refused,
    Run,
    RunRecord,
    run_title,
)

ORDER, REGISTER = "order build", "register"
Known = dict[str, ModelVersion]
"""The versions of a registry by name, in its order."""


class Ordered:
    """The build of a run. Its order and its end carry the same key, so that a build whose order was not answered is
    found by ordering it again; one that is still on its way to the CI finds the key taken, by a build that was ended.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    async def start(self, order: BuildOrder, *, key: str) -> BuildRef:
        """As the port has it."""
        return await self._run.pipelines.start(order, key=_of_run(key))

    async def stop(self, order: BuildOrder, *, key: str) -> BuildState | NoData:
        """Ends what was ordered, by the state as read back. NoData where the CI takes no such order: there is nothing.
        What is over stays as it ended.
        """
        try:
            build = await self.start(order, key=key)
        except (BadInput, Conflict, Refused) as refused:
            return NoData(query=f"a build of {called(order)}", window="this run", searched=f"the CI: {refused.what}")
        return await self._run.pipelines.stop(build, key=key)


def _of_run(key: str) -> str:
    """The engine's key of any step or undo, "7/5/undo", as the one of the run's build, "7/build"."""
    return f"{key.partition('/')[0]}/build"


def called(order: BuildOrder) -> str:
    """ "churn v2" """
    return " ".join(filter(None, [order.model, order.version]))


async def require_free(run: Run, order: BuildOrder) -> Known:
    """What is registered. Raises Conflict when the version is there by now, or another run makes it."""
    # Runs first: one that registers meanwhile is then seen in the registry.
    others = await run.read(run.records.under_way, order.model)
    known = {v.version: v for v in await run.read(run.registry.versions, order.model)}
    if not order.version:
        return known
    if order.version in known:
        what = f"{called(order)} is registered by now."
        raise Conflict(what, f"{known[order.version].registrant} was quicker, so it is not built again.", "Ask again.")
    me = next((other for other in others if other.id == run.id), None)
    for other in others:
        if other.id != run.id and _ordered_by(other) == called(order) and _is_first(other, me):
            what = f"Run {other.id} ({run_title(other.playbook, other.inputs)}) builds {called(order)} already."
            do = f"Say `show run {other.id}` and ask again once it is registered, or `cancel {other.id}`."
            raise Conflict(what, "A version is built once.", do)
    return known


def _ordered_by(record: RunRecord) -> str:
    """What it builds, "churn v2"; "" for a run that builds nothing."""
    step = next((step for step in record.plan.steps if step.name == ORDER), None)
    return "" if step is None else step.args[0].partition(", ")[0]


def _is_first(other: RunRecord, me: RunRecord | None) -> bool:
    """Whether the other run has ordered, or is about to and was approved before; me: None while a plan is made."""
    if any(step.name == ORDER and step.status != "planned" for step in other.steps):
        return True
    theirs, mine = _approved(other), None if me is None else _approved(me)
    return theirs is not None and (me is None or mine is None or (theirs, other.id) < (mine, me.id))


def _approved(record: RunRecord) -> datetime | None:
    """When everyone had agreed; None while they have not."""
    gates = {gate.name for gate in record.plan.gates}
    passed = [step.ended for step in record.steps if step.name in gates and step.status == "done" and step.ended]
    return None if len(passed) < len(gates) else max([record.created, *passed])
