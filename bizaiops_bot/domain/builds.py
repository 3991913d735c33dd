"""What a pipeline is asked to build, how far it is, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bizaiops_bot.domain.models import GateReport, Package
from bizaiops_bot.domain.values import Value

BuildPhase = Literal["queued", "running", "asking", "succeeded", "failed", "stopped"]
StagePhase = Literal["waiting", "running", "asking", "succeeded", "failed", "stopped", "skipped"]
OVER = ("succeeded", "failed", "stopped")


class Buildable(Value):
    """A version that can be built: its recipe in one sentence."""

    model: str
    version: str
    summary: str


class BuildOrder(Value):
    """What is to be built; prints as a plan shows it.

    version: its name, as people approved it; "" where only the registry will name it. against: the version that its
    gate compares it with, "" for none. since: None builds the version by its recipe; a time trains anew, on history and
    all rows that were labelled from then on. pipeline: what builds it, as the CI calls it; "" is the adapter's choice.
    """

    model: str
    version: str = ""
    against: str = ""
    since: datetime | None = None
    pipeline: str = ""

    def __str__(self) -> str:
        parts = [" ".join(filter(None, [self.model, self.version]))]
        if self.since is not None:
            parts.append(f"on rows since {self.since:%Y-%m-%d %H:%M:%S} UTC")
        if self.against:
            parts.append(f"against {self.against}")
        if self.pipeline:
            parts.append(f"by {self.pipeline}")
        return ", ".join(parts)


class BuildRef(Value):
    """A build as its system calls it, such as "ml/churn-train/118"; prints as that. url: where people see it, "" for
    nowhere.
    """

    id: str
    url: str = ""

    def __str__(self) -> str:
        return self.id


class Stage(Value):
    """A part of a build, by its system's own name. since: when it began, None before that. link: its log or page."""

    name: str
    phase: StagePhase
    since: datetime | None = None
    link: str = ""


class BuildQuestion(Value):
    """What a stage waits to be told: a Jenkins input, a suspended node. id: the system's name of it."""

    id: str
    text: str
    stage: str = ""


class BuildState(Value):
    """A build as its system reports it.

    before: how many builds are ahead in the queue, None when it is not queued or nobody knows. stages: in their order,
    those to come included where they are known. question: while it asks. said: the last line of its log, where that
    comes with the state at no further cost. problem: why it failed or was stopped.

    Of a build that has succeeded: version, as it was registered by the pipeline itself, or package, to be
    registered; report, when a stage has measured it against `BuildOrder.against`. A report of a failed build
    is why it failed.
    """

    ref: BuildRef
    phase: BuildPhase
    before: int | None = None
    stages: tuple[Stage, ...] = ()
    question: BuildQuestion | None = None
    said: str = ""
    version: str = ""
    package: Package | None = None
    report: GateReport | None = None
    problem: str = ""
    read_at: datetime

    @property
    def over(self) -> bool:
        return self.phase in OVER

    @property
    def stage(self) -> Stage | None:
        """The one that it is at, or that it ended at when it did not succeed."""
        here = [s for s in self.stages if s.phase in ("running", "asking", "failed", "stopped")]
        return here[-1] if here and self.phase != "succeeded" else None

    @property
    def link(self) -> str:
        """Where people see what it is doing; "" for nowhere."""
        return (self.stage.link if self.stage is not None else "") or self.ref.url

    def spoken(self) -> str:
        """ "train, 2 of 4: gradient boosting on 12,000 rows" """
        if self.phase == "queued":
            ahead = {None: "", 0: ", next"}.get(self.before, f", {self.before} before it")
            return f"queued{ahead}{_after(self.said)}"
        if self.phase == "asking":
            return f"{self._where() or 'it'} asks{_after(self.question.text if self.question else '')}"
        if self.phase == "running":
            return f"{self._where() or 'running'}{_after(self.said)}"
        at = f" at {self.stage.name!r}" if self.stage is not None else ""
        return f"{self.phase}{at}{_after(self.problem or self.said)}"

    def _where(self) -> str:
        if self.stage is None:
            return ""
        return f"{self.stage.name}, {self.stages.index(self.stage) + 1} of {len(self.stages)}"


def _after(words: str) -> str:
    return f": {words}" if words else ""
