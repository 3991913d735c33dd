"""What `bizaiops eval` tells of the domain set, as values. Shares are between 0 and 1, rounded to four digits."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bizaiops_bot.evaluation.cost import Cost


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Understood(_Part):
    """How the commands of one file, or of all, were understood.

    said: sentences; seen: of them, those that are an example of an intent word for word, left out of all that follows.
    intent: heard as the right request; command: acted on with the right values; offered: one click or word away;
    by_group: mean over the groups of paraphrases of the share that is right. wrong_reads and wrong_changes: acted on,
    and not what was meant (numbers, not shares).
    """

    said: int
    seen: int
    intent: float
    command: float
    offered: float
    asked_wrong: float
    refused: float
    by_group: float
    wrong_reads: int
    wrong_changes: int


class LeftAlone(_Part):
    """What must not be acted on: near-misses, and talk beside the bot. Numbers of sentences."""

    said: int
    refused: int
    asked: int
    reads: int
    changes: int


class Asked(_Part):
    """Requests that lack a value: those in which the right one was asked for."""

    said: int
    right: int


class SlotScore(_Part):
    """Values of one kind, read as meant or not."""

    kind: str
    said: int
    right: int


class Mixed(_Part):
    """A request taken for another one, asked back without it, or refused."""

    meant: str
    became: str
    count: int
    sentences: tuple[str, ...]


class Timing(_Part):
    """Milliseconds for one utterance, on this machine; cpu: of processor time, the mean."""

    p50: float
    p95: float
    cpu: float


class Miss(_Part):
    """A sentence that was acted on wrongly."""

    say: str
    meant: str
    became: str


class DomainReport(_Part):
    """sets: by file, and "all". near_misses: by half, A is looked at, B held back.

    ece: expected calibration error, in ten bins, of how sure the router is of commands and near-misses; None when it
    does not tell.
    sha256: of the set's files, so that only like is compared with like.
    """

    sets: dict[str, Understood]
    incomplete: Asked
    beside: LeftAlone
    near_misses: dict[str, LeftAlone]
    slots: tuple[SlotScore, ...]
    confusion: tuple[Mixed, ...]
    wrong: tuple[Miss, ...]
    cost: Cost
    timing: Timing
    ece: float | None
    sha256: str

    @property
    def wrong_changes(self) -> int:
        """Over everything that was said; must be 0."""
        others = (self.beside, *self.near_misses.values())
        return self.sets["all"].wrong_changes + sum(part.changes for part in others)

    @property
    def headline(self) -> dict[str, float]:
        """The numbers that may not get worse, in percent; those of LESS_IS_BETTER may not rise."""
        every, misses = self.sets["all"], self.near_misses.values()
        total = sum(part.said for part in misses)
        found = {
            "intent accuracy": every.intent,
            "command accuracy": every.command,
            "command accuracy by group": self.sets["groups"].by_group,
            "acted on or one click away": every.command + every.offered,
            "refused wrongly": every.refused,
            "wrong reads": every.wrong_reads / (every.said - every.seen),
            "missing values asked for": self.incomplete.right / self.incomplete.said,
            "near-misses refused": sum(part.refused for part in misses) / total,
            "near-misses acted on": sum(part.reads + part.changes for part in misses) / total,
            "talk beside left alone": 1 - (self.beside.reads + self.beside.changes) / self.beside.said,
        }
        if self.slots:
            found["values read"] = sum(s.right for s in self.slots) / sum(s.said for s in self.slots)
        if self.ece is not None:
            found["calibration error"] = self.ece
        return {name: round(100 * value, 2) for name, value in found.items()}


LESS_IS_BETTER = frozenset({"refused wrongly", "wrong reads", "near-misses acted on", "calibration error"})
