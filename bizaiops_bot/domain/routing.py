"""What words become: a Command, a Question back, a Refusal or a Remark; and what a conversation remembers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bizaiops_bot.domain.environments import spoken_service
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.values import Value


class Choice(Value):
    """One answer to a question: `label` on the button, `command` the words it stands for, `bind` the slots it
    completes.
    """

    label: str
    command: str
    bind: dict[str, str] = Field(default_factory=dict)


class Command(Value):
    """An order: playbook and typed inputs. `heard` is how the words were understood, for the audit.

    beside: further reads that the same message asks for, answered after it.
    """

    playbook: str
    inputs: dict[str, Any]
    heard: dict[str, Any] = Field(default_factory=dict)
    beside: tuple[Command, ...] = ()


class Question(Value):
    """One question back. `pending` is what is already known, so that a click or a word can finish it."""

    text: str
    slot: str
    choices: tuple[Choice, ...]
    pending: Command
    heard: dict[str, Any] = Field(default_factory=dict)


class Refusal(Value):
    """A clear no, with what the bot can do instead."""

    why: str
    help: str = ""
    choices: tuple[Choice, ...] = ()
    heard: dict[str, Any] = Field(default_factory=dict)


class Remark(Value):
    """A short line to what asks for nothing ("thanks"), or about what was just taken back. Its choices only read."""

    text: str
    choices: tuple[Choice, ...] = ()
    heard: dict[str, Any] = Field(default_factory=dict)


Decision = Command | Question | Refusal | Remark


class Memory(Value):
    """What a thread was about, so that "it", "again" and "and demand?" have a meaning.

    Expires 15 minutes after `at`. environment: of the model, None for the default one. changed: the last request that
    changed something and can be taken back. refused,
    helped: the words of the refusal just given, which are not given again. explained: the last answer told what a word
    means or how something works.
    """

    at: datetime
    model: str | None = None
    version: str | None = None
    kpi: str | None = None
    run: int | None = None
    schedule: int | None = None
    environment: str | None = None
    last: Command | None = None
    pending: Question | None = None
    changed: Command | None = None
    refused: str = ""
    helped: str = ""
    explained: bool = False


class SlotSpec(Value):
    """A typed blank: `kind` picks the extractor, `name` is the field of the playbook's inputs."""

    name: str
    kind: str
    required: bool
    description: str = ""


class PlaybookSpec(Value):
    """What the router knows about a playbook. safety: it makes things safe again."""

    name: str
    title: str
    risk: Literal["read", "change", "control"]
    slots: tuple[SlotSpec, ...]
    safety: bool = False


class OpenRun(Value):
    """A run that waits for an approval or is at work; `mine` of the person who is speaking.

    aside: words without a number may well be about another: the thread is that of runs that are over, or it has just
    taken the place of one.
    """

    number: int
    title: str
    waiting: bool
    mine: bool = False
    aside: bool = False


class Catalogue(Value):
    """The names that exist right now; slot values must resolve in it. `kpis` and `versions` by model; `stable` and
    `previous` by service ("churn", "churn in staging").

    people: ids. called: id -> other names of that person, lower case. namespaces: of the cluster, empty when none are
    known. environments: name and all that people call it, in lower case, the default one first.
    last_run: number of the newest run. open_runs: those under way where something is said, None when nobody has
    looked.
    """

    models: tuple[ModelSpec, ...]
    versions: dict[str, tuple[str, ...]]
    stable: dict[str, str]
    previous: dict[str, str]
    kpis: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]
    people: tuple[str, ...] = ()
    called: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    namespaces: tuple[str, ...] = ()
    environments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    last_run: int | None = None
    open_runs: tuple[OpenRun, ...] | None = None
    playbooks: tuple[PlaybookSpec, ...] = ()
    now: datetime
    time_zone: str = "UTC"

    def at(self, environment: str | None) -> Catalogue:
        """With what is stable and what was before it there; None: in the default environment, as it is."""
        if environment is None or not self.environments or environment == self.environments[0][0]:
            return self
        there = {spoken_service(m.name, environment): m.name for m in self.models}
        return self.model_copy(
            update={
                "stable": {there[name]: version for name, version in self.stable.items() if name in there},
                "previous": {there[name]: version for name, version in self.previous.items() if name in there},
            }
        )
