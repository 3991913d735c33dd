"""Builds as files: what was ordered and how far it is in build.json, what it has said in build.log."""

from __future__ import annotations

import logging
import uuid
from collections import deque
from datetime import datetime
from pathlib import Path

from bizaiops_bot.domain.builds import BuildOrder, BuildPhase, BuildState, Stage, StagePhase
from bizaiops_bot.domain.values import Value

RECORD, LOG = "build.json", "build.log"
log = logging.getLogger("bizaiops.training")


class Kept(Value):
    """One build. `state.read_at` is when it was written."""

    order: BuildOrder
    state: BuildState

    def moved(self, **changes: object) -> Kept:
        return self.model_copy(update={"state": self.state.model_copy(update=changes)})

    def entering(self, stage: str, now: datetime) -> Kept:
        """At the next stage, those before it done."""
        at = [s.name for s in self.state.stages].index(stage)
        begun = Stage(name=stage, phase="running", since=now)
        done = tuple(_ended(s, "succeeded") for s in self.state.stages[:at])
        return self.moved(phase="running", said="", stages=(*done, begun, *self.state.stages[at + 1 :]))

    def ending(self, phase: BuildPhase, problem: str = "", **more: object) -> Kept:
        """Over; a stage that was at work ended as the build did, those to come are not needed."""
        word: StagePhase = "succeeded" if phase == "succeeded" else "failed" if phase == "failed" else "stopped"
        stages = tuple(
            s.model_copy(update={"phase": "skipped"}) if s.phase == "waiting" else _ended(s, word)
            for s in self.state.stages
        )
        return self.moved(phase=phase, problem=problem, stages=stages, **more)


def _ended(stage: Stage, phase: StagePhase) -> Stage:
    if stage.phase == "waiting":
        return stage.model_copy(update={"phase": "skipped"})
    return stage.model_copy(update={"phase": phase}) if stage.phase == "running" else stage


class BuildFiles:
    """The builds by their ids, "churn/v2-0a1b": the folder of one is FOLDER/churn/jobs/v2-0a1b."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Kept] = {}

    def folder(self, build: str) -> Path:
        model, _, job = build.partition("/")
        return self._folder / model / "jobs" / job

    def get(self, build: str) -> Kept | None:
        """None for one that is not there."""
        if build not in self._known and build.count("/") == 1 and ".." not in build:
            path = self.folder(build) / RECORD
            if path.exists():
                self._known[build] = Kept.model_validate_json(path.read_text(encoding="utf-8"))
        return self._known.get(build)

    def add(self, kept: Kept) -> None:
        """A new one. Raises OSError when it cannot be written."""
        write(self.folder(kept.state.ref.id) / RECORD, kept.model_dump_json(indent=1))
        self._known[kept.state.ref.id] = kept

    def put(self, kept: Kept) -> None:
        """One that has moved. What the disk does not take is known until the process ends."""
        self._known[kept.state.ref.id] = kept
        try:
            write(self.folder(kept.state.ref.id) / RECORD, kept.model_dump_json(indent=1))
        except OSError:
            log.exception("the state of build %s could not be written", kept.state.ref.id)

    def say(self, build: str, stage: str, words: str) -> None:
        """One more line of its log."""
        self.put(self._known[build].moved(said=words))
        try:
            with (self.folder(build) / LOG).open("a", encoding="utf-8") as file:
                file.write(f"{stage}: {words}\n")
        except OSError:
            log.exception("a line of build %s could not be written", build)

    def tail(self, build: str, stage: str, lines: int) -> str:
        path = self.folder(build) / LOG
        if not path.exists():
            return ""
        with path.open(encoding="utf-8") as file:
            said = (line.rstrip("\n") for line in file)
            return "\n".join(deque((line for line in said if line.startswith(f"{stage}: " if stage else "")), lines))


def write(path: Path, words: str) -> None:
    """In one move, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    draft.write_text(words, encoding="utf-8")
    draft.replace(path)
