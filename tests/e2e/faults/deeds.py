"""What the bot does while it is killed: a playbook with every kind of step, the world it changes, and how each run has
to end.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from bizaiops_bot.domain.errors import NotFound, Permanent, Temporary
from bizaiops_bot.playbook import BadInput, Card, Inputs, Run, RunNumber, Text, playbook
from bizaiops_bot.ports.clock import Clock

Word = Literal["well", "quick", "breaks", "cancelled", "stuck", "expired", "rejected", "vetoed"]
BEGUN = ("prepare", "route", "traffic")
ALL_DONE = (*BEGUN, "promote", "note")
TAKEN_BACK = ("traffic", "route")


@dataclass(frozen=True)
class Ending:
    """How a run has to end: its status, what it has changed and what it has taken back, each once and in this order."""

    status: str
    done: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


ENDINGS: dict[Word, Ending] = {
    "well": Ending("succeeded", ALL_DONE),
    "quick": Ending("succeeded", ALL_DONE),  # without an approval
    "breaks": Ending("failed", BEGUN, TAKEN_BACK),
    "cancelled": Ending("cancelled", BEGUN, TAKEN_BACK),
    # Taking back traffic fails until somebody has mended the world: what stands behind it is taken back first.
    "stuck": Ending("failed", BEGUN, TAKEN_BACK[::-1]),
    "expired": Ending("expired"),
    "rejected": Ending("rejected"),
    "vetoed": Ending("rejected", BEGUN, TAKEN_BACK),  # at a second approval, when much has been done
}


class World:
    """Keeps what adapters promise, the same key changes nothing twice, and counts how often one came again.

    What happens to it is written to a file before it is answered, so it outlives the process as a real world does.
    """

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file, self._clock = file, clock
        self._keys = {e["key"]: e["at"] for e in read_lines(file) if not e["repeated"]}
        self._traffic_at = {e["model"]: e["at"] for e in read_lines(file) if e["what"] == "traffic" and not e["undo"]}

    async def change(self, model: str, what: str, *, key: str) -> str:
        """The answer to the first call that routes is lost: the caller has to ask again with the same key."""
        if not self._note(model, what, key) and what == "route":
            raise Temporary("No answer.", "The connection was reset.", after_s=0.001)
        return what

    async def take_back(self, model: str, what: str, *, key: str) -> str:
        """Raises Permanent for a stuck model that nobody has mended."""
        if what == "traffic" and model.endswith("stuck") and f"{model} mended" not in self._keys:
            raise Permanent("The mesh refused.", "409 Conflict.", "Mend it.")
        self._note(model, what, key, undo=True)
        return what

    async def fail(self, model: str, *, key: str) -> str:
        raise Permanent(f"{model} broke.", "It was made to.")

    async def version(self, model: str) -> int:
        """Another one whenever it is read: a run must remember what it has read first."""
        return len(self._keys)

    async def serving_for(self, model: str) -> int:
        """Minutes since it took traffic."""
        return int((self._clock.now().timestamp() - self._traffic_at[model]) / 60)

    async def mend(self, model: str) -> None:
        self._note(model, "mended", f"{model} mended")

    async def traffic(self, service: Any) -> Any:
        raise NotFound("model", str(service), [])

    async def all_versions(self) -> dict[str, Any]:
        return {}

    async def all_buildable(self) -> dict[str, Any]:
        return {}

    async def specs(self) -> list[Any]:
        return []

    async def services(self) -> list[Any]:
        return []

    async def kpis(self) -> list[Any]:
        return []

    def _note(self, model: str, what: str, key: str, *, undo: bool = False) -> bool:
        """Whether the key was known."""
        known, at = key in self._keys, self._clock.now().timestamp()
        line = {"key": key, "model": model, "what": what, "undo": undo, "repeated": known, "at": at}
        write_line(self._file, line, sync=True)
        self._keys.setdefault(key, at)
        if what == "traffic" and not undo:
            self._traffic_at.setdefault(model, at)
        return known


class Wish(Inputs):
    """Releases a model."""

    model: str
    ending: Word


@playbook(title="Release", risk="change")
async def release(run: Run, ask: Wish) -> Card:
    world, model = cast(Any, run.serving), ask.model
    if ask.ending != "quick":
        expires = "20m" if ask.ending == "expired" else "300d"
        await run.approve("Release it?", quorum=2, expires=expires, escalate={"2m": "approver"})
    seen = await run.read(world.version, model)
    await run.step("prepare", world.change, model, "prepare")
    async with run.undo("take back route", world.take_back, model, "route"):
        await run.step("route", world.change, model, "route")
        async with run.undo("take back traffic", world.take_back, model, "traffic"):
            await run.step("traffic", world.change, model, "traffic", detail=lambda _: f"from {seen}")
            await run.notify(Card(title=f"{model} takes traffic"))
            await _settle(run, ask)
    await run.step("promote", world.change, model, "promote")
    await run.step("note", world.change, model, "note")
    said = f"{model} is released, it was at {seen}."
    return Card(title="Released", summary=said, blocks=(Text(text=said),))


async def _settle(run: Run, ask: Wish) -> None:
    world, model = cast(Any, run.serving), ask.model
    await run.until(
        "settle",
        world.serving_for,
        model,
        done=lambda minutes: minutes >= 2 and not model.endswith("cancelled"),
        detail=lambda minutes: f"{minutes} min",
        every="1m",
        deadline="300d",
    )
    if ask.ending in ("breaks", "stuck"):
        await run.step("break", world.fail, model)
    if ask.ending == "vetoed":
        await run.approve("Keep it?", expires="300d")


class Stop(Inputs):
    """Cancels a run."""

    run: RunNumber


@playbook(title="Cancel a run", risk="control")
async def cancel_run(run: Run, ask: Stop) -> Card:
    if (await run.read(run.records.run, ask.run)).finished:
        raise BadInput(f"Run {ask.run} is over.")
    await run.step("cancel", run.controls.cancel, ask.run, actor=run.actor.id)
    return Card(title=f"Cancelling run {ask.run}")


def effects(file: Path) -> tuple[dict[str, Ending], Counter[str]]:
    """(model -> what was done and undone, with an empty status; model -> how often a key came again)."""
    done: dict[str, Ending] = {}
    again: Counter[str] = Counter()
    for line in read_lines(file):
        model, what = line["model"], (line["what"],)
        if line["repeated"]:
            again[model] += 1
        elif what != ("mended",):
            was = done.get(model, Ending(""))
            done[model] = replace(was, undone=was.undone + what) if line["undo"] else replace(was, done=was.done + what)
    return done, again


def read_lines(file: Path) -> list[dict[str, Any]]:
    """All that was written before a crash."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def write_line(file: Path, line: dict[str, Any], *, sync: bool = False) -> None:
    """Whole or not at all: one write call, which a kill does not cut in two."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)
