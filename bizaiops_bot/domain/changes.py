"""What touched the traffic of a model, and when: canaries, promotions, rollbacks, pauses, scaling. Read from runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bizaiops_bot.domain.look_words import at_words
from bizaiops_bot.domain.plan import PlanStep
from bizaiops_bot.domain.records import RunRecord
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.values import Value

Kind = Literal["canary", "promote", "restore", "pause", "resume", "scale"]
_CALLS: dict[str, Kind] = {
    "set_canary": "canary",
    "promote": "promote",
    "restore": "restore",
    "roll_back": "restore",
    "pause": "pause",
    "resume": "resume",
    "scale": "scale",
}


class Change(Value):
    """One change of a model's traffic. version: the one that it brought requests to, "" for none.

    at: None when it is there and nobody knows since when, as with a canary that was sent out by hand.
    """

    kind: Kind
    what: str
    version: str = ""
    at: datetime | None = None
    run: int | None = None
    open: bool = False
    """Whether the run that made it is still at work."""

    @property
    def words(self) -> str:
        """ "v2 got 10% as a canary at 08:00 UTC on 4 Mar (run 1)" """
        when = "; since when is not on record" if self.at is None else f" at {at_words(self.at)}"
        return f"{self.what}{when}{f' (run {self.run})' if self.run is not None else ''}"


def changes(runs: Sequence[RunRecord], traffic: TrafficState | None = None) -> tuple[Change, ...]:
    """Newest first. traffic: as it is now; a canary that no run has sent out comes first."""
    found = [change for run in runs for change in _of_run(run)]
    found.sort(key=lambda change: (change.at, change.run), reverse=True)
    canary = None if traffic is None else traffic.canary
    if canary is not None and not any(c.kind == "canary" and c.version == canary for c in found):
        share = traffic.weights.get(canary, 0) if traffic is not None else 0
        found.insert(0, Change(kind="canary", what=f"{canary} gets {share}% as a canary", version=canary))
    return tuple(found)


def _of_run(run: RunRecord) -> list[Change]:
    planned = {step.name: step for step in run.plan.steps if step.call in _CALLS}
    found = []
    for line in run.steps:
        step = planned.get(line.name)
        if step is None or line.ended is None or line.status not in ("done", "undone"):
            continue
        kind = _CALLS[step.call]
        what, version = _said(kind, step)
        found.append(Change(kind=kind, what=what, version=version, at=line.ended, run=run.id, open=not run.finished))
    return found


def _said(kind: Kind, step: PlanStep) -> tuple[str, str]:
    """A plan names the service, "churn in production", and a snapshot by its words, "v1 100%, 2 replicas"."""
    where, first, second = (*step.args, "", "", "")[:3]
    model, back = where.split(" ")[0], first.split(" ")[0]
    return {
        "canary": (f"{first} got {second}% of the requests as a canary", first),
        "promote": (f"{first} was promoted to all traffic", first),
        "restore": (f"all traffic of {model} was sent back to {back}", back),
        "pause": (f"{model} was paused", ""),
        "resume": (f"{model} was resumed", ""),
        "scale": (f"{model} was scaled to {first if second in ('', first) else f'{first} to {second}'} replicas", ""),
    }[kind]
