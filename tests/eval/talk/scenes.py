"""What people say around two models in short scenes, and what a good colleague would make of every sentence."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, model_validator

from bizaiops_bot.domain.values import Value

HERE = Path(__file__).parent
World = Literal["quiet", "released", "canary", "waiting", "drift", "slow", "frozen", "rolledback", "scheduled"]


class Right(Value):
    """One answer that a good colleague could give; exactly one of the first six says of which kind it is.

    reads: topics, any of them. proposes: a change with at least these inputs, for a click or an approval. asks: a
    question back that has one of the words. declines: says it cannot, with one of the words; none: in any words.
    chats: a line that offers no change. withdraws: what the person had asked for waits no longer.
    model: what is read must be about it. shows: one of these can be read in the answer.
    """

    reads: tuple[str, ...] = ()
    proposes: str = ""
    asks: tuple[str, ...] = ()
    declines: tuple[str, ...] | None = None
    chats: bool = False
    withdraws: bool = False
    inputs: dict[str, str | int] = Field(default_factory=dict)
    model: str = ""
    shows: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Right:
        kinds = (self.reads, self.proposes, self.asks, self.declines is not None, self.chats, self.withdraws)
        if sum(map(bool, kinds)) != 1:
            raise ValueError(f"one kind of answer is wanted, not {sum(map(bool, kinds))}: {self!r}")
        unknown = set(self.reads) - set(topics())
        if unknown:
            raise ValueError(f"{', '.join(sorted(unknown))}: no such topic in topics.yaml")
        return self


class Sentence(Value):
    """Something said. wrong: playbooks that it must not lead to. closes: no plan for this model waits afterwards."""

    by: str
    text: str
    right: tuple[Right, ...] = Field(min_length=1)
    wrong: tuple[str, ...] = ()
    closes: str = ""

    @property
    def wants_change(self) -> bool:
        """Whether it may be heard as an order: one that is to be proposed, or declined and nothing else."""
        return any(r.proposes for r in self.right) or not any(r.reads or r.chats for r in self.right)


class Then(Value):
    """What happens between two sentences: "minutes 4", or "approve by lead" by a click on the plan that waits."""

    then: str = Field(pattern=r"^(minutes \d+|approve by \w+)$")


class Scene(Value):
    scene: str
    world: World
    said: tuple[Sentence | Then, ...]


@cache
def topics() -> dict[str, tuple[str, ...]]:
    """{topic: the playbooks that answer it}."""
    read: dict[str, list[str]] = yaml.safe_load((HERE / "topics.yaml").read_text("utf-8"))
    return {topic: tuple(playbooks) for topic, playbooks in read.items()}


def load(half: Literal["seen", "unseen"]) -> list[Scene]:
    """The scenes of one half; raises pydantic's error for what is wrong in the file."""
    found: list[dict[str, Any]] = yaml.safe_load((HERE / f"talk_{half}.yaml").read_text("utf-8"))
    return [Scene.model_validate(scene) for scene in found]
